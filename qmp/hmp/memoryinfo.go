package hmp

import (
	"strings"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qmp/qjson"
)

// memoryTopics are the topics of "info" on memory.
func memoryTopics() []*command {
	return []*command{
		{names: "mtree", args: "flatview:-f,dispatch:-d,owner:-o,disabled:-D", params: "[-f][-d][-o][-D]",
			help: "print memory regions; -f: as the address spaces show them; -o: with owners and parents; " +
				"-D: disabled ones too; -d: accepted, there is no dispatch tree to print",
			run: func(r *run) error {
				return r.h.m.Env().Memory.WriteMtree(&r.out, memory.MtreeFlags{
					Flat: r.args.flag("flatview"), Owner: r.args.flag("owner"), Disabled: r.args.flag("disabled"),
				})
			}},
		{names: "memory_size_summary", help: "how much memory there is, in bytes", qmp: "query-memory-size-summary",
			run: func(r *run) error {
				o, err := r.object("query-memory-size-summary")
				if err != nil {
					return err
				}
				r.printf("base memory: %d\n", number(o, "base-memory"))
				if o.Has("plugged-memory") {
					r.printf("plugged memory: %d\n", number(o, "plugged-memory"))
				}
				return nil
			}},
		{names: "memory-devices", help: "devices that are memory", qmp: "query-memory-devices", run: infoMemoryDevices},
		{names: "numa", help: "NUMA nodes", qmp: "x-query-numa",
			run: func(r *run) error {
				o, err := r.object("x-query-numa")
				if err == nil {
					r.printf("%s", text(o, "human-readable-text"))
				}
				return err
			}},
		{names: "memdev", help: "memory backends", qmp: "query-memdev", run: infoMemdev},
	}
}

func infoMemdev(r *run) error {
	list, err := r.list("query-memdev")
	if err != nil {
		return err
	}
	for _, m := range list {
		r.printf("memory backend: %s\n", text(m, "id"))
		r.printf("  size:  %d\n", number(m, "size"))
		for _, name := range []string{"merge", "dump", "prealloc", "share"} {
			r.printf("  %s: %t\n", name, flag(m, name))
		}
		if m.Has("reserve") {
			r.printf("  reserve: %t\n", flag(m, "reserve"))
		}
		nodes, _ := m.Get("host-nodes")
		r.printf("  policy: %s\n  host nodes: %s\n", text(m, "policy"), ranges(nodes))
	}
	r.printf("\n")
	return nil
}

// ranges prints a list of numbers, with commas between them.
func ranges(v any) string {
	list, _ := v.([]any)
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = plain(n)
	}
	return strings.Join(words, ",")
}

func infoMemoryDevices(r *run) error {
	list, err := r.list("query-memory-devices")
	if err != nil {
		return err
	}
	for _, m := range list {
		if d := member(m, "data"); d != nil {
			r.memoryDevice(text(m, "type"), d)
		}
	}
	return nil
}

// memoryDevice prints one device; which members it has depends on its type.
func (r *run) memoryDevice(typ string, d *qjson.Object) {
	r.printf("Memory device [%s]: \"%s\"\n", typ, text(d, "id"))
	for _, f := range []struct{ member, label, format string }{
		{"addr", "addr", "0x%x"}, {"memaddr", "memaddr", "0x%x"}, {"slot", "slot", "%d"}, {"node", "node", "%d"},
		{"requested-size", "requested-size", "%d"}, {"size", "size", "%d"}, {"max-size", "max-size", "%d"},
		{"block-size", "block-size", "%d"},
	} {
		if d.Has(f.member) {
			r.printf("  "+f.label+": "+f.format+"\n", number(d, f.member))
		}
	}
	if d.Has("memdev") {
		r.printf("  memdev: %s\n", text(d, "memdev"))
	}
	for _, name := range []string{"hotplugged", "hotpluggable"} {
		if d.Has(name) {
			r.printf("  %s: %t\n", name, flag(d, name))
		}
	}
}
