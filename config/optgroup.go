package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// optGroup is one of QEMU's option groups: what may be said with one option of
// the command line or one kind of section of a -readconfig file.
type optGroup struct {
	name    string
	implied string // the key of a first value without one
	merge   bool   // all uses together are one set of values
	// params are the members with their types ("string", "number", "size",
	// "boolean"); without any, every name is taken as a string.
	params map[string]string
	list   []*opts
}

// opts are the values given with one use of a group.
type opts struct {
	id     string
	pairs  []pair
	origin Origin
}

type pair struct{ name, value string }

// groupForms are the groups in which a file or -set can name values, with the
// implied key and whether uses merge. Their members come from the catalog.
var groupForms = []optGroup{
	{name: "accel", implied: "accel"},
	{name: "action", merge: true},
	{name: "add-fd"},
	{name: "audiodev", implied: "driver"},
	{name: "boot-opts", implied: "order", merge: true},
	{name: "chardev", implied: "backend"},
	{name: "device", implied: "driver"},
	{name: "drive"},
	{name: "fw_cfg", implied: "name"},
	{name: "fsdev", implied: "fsdriver"},
	{name: "global"},
	{name: "icount", implied: "shift", merge: true},
	{name: "machine", implied: "type", merge: true},
	{name: "memory", implied: "size", merge: true},
	{name: "mon", implied: "chardev"},
	{name: "msg"},
	{name: "name", implied: "guest", merge: true},
	{name: "net", implied: "type"},
	{name: "netdev", implied: "type"},
	{name: "nic", implied: "type"},
	{name: "numa", implied: "type"},
	{name: "object", implied: "qom-type"},
	{name: "option-rom", implied: "romfile"},
	{name: "overcommit"},
	{name: "rtc", merge: true},
	{name: "run-with", merge: true},
	{name: "sandbox", implied: "enable"},
	{name: "smbios"},
	{name: "smp-opts", implied: "cpus", merge: true},
	{name: "tpmdev", implied: "type"},
	{name: "trace", implied: "enable"},
	{name: "virtfs", implied: "fsdriver"},
	{name: "vnc", implied: "vnc"},
}

// free are the groups whose members something else checks later, although the
// catalog lists some.
var free = map[string]bool{"machine": true, "smp-opts": true, "boot-opts": true, "drive": true}

// described are the members of the groups as the QEMU of a catalog reports
// them, by group and name.
func described(cat *catalog.Catalog) map[string]map[string]string {
	groups := map[string]map[string]string{}
	for _, d := range cat.OptionGroups() {
		if free[d.Option] || len(d.Parameters) == 0 {
			continue
		}
		groups[d.Option] = make(map[string]string, len(d.Parameters))
		for _, p := range d.Parameters {
			groups[d.Option][p.Name] = p.Type
		}
	}
	return groups
}

// newGroups returns empty groups with the members QEMU reports for them.
func newGroups(cat *catalog.Catalog) map[string]*optGroup {
	params := described(cat)
	groups := make(map[string]*optGroup, len(groupForms))
	for _, form := range groupForms {
		form.params = params[form.name]
		groups[form.name] = &form
	}
	return groups
}

// use returns the set of values that a use of the group with this id adds to:
// a new one, or the only one of a group that merges.
func (g *optGroup) use(id string, hasID bool) (*opts, error) {
	if hasID {
		// A merging group has no "id".
		if g.merge && g.params != nil {
			return nil, fmt.Errorf("Invalid parameter 'id'")
		}
		if err := checkID(id); err != nil {
			return nil, err
		}
		for _, o := range g.list {
			if o.id == id {
				return nil, fmt.Errorf("Duplicate ID '%s' for %s", id, g.name)
			}
		}
	}
	if g.merge && len(g.list) > 0 {
		return g.list[0], nil
	}
	o := &opts{id: id}
	g.list = append(g.list, o)
	return o, nil
}

// has reports whether there is a use of that id.
func (g *optGroup) has(id string) bool {
	return slices.ContainsFunc(g.list, func(o *opts) bool { return o.id == id })
}

// parse adds one use of the group, written in QEMU's older key=value syntax,
// that of -device, -chardev, -object, -m and many more. Unlike in ParseKeyval
// dots mean nothing, a comma may be doubled in the first value too, and "key"
// alone is short for "key=on", "nokey" for "key=off", of which QEMU warns.
func (g *optGroup) parse(text string, origin Origin) (o *opts, help bool, warnings []string, err error) {
	pairs, help, warnings := splitOpts(text, g.implied)
	id, hasID := "", false
	for i := 0; i < len(pairs); i++ {
		// The first id counts and the others are dropped, as in QEMU.
		if pairs[i].name == "id" {
			if !hasID {
				id, hasID = pairs[i].value, true
			}
			pairs = append(pairs[:i], pairs[i+1:]...)
			i--
		}
	}
	switch {
	case help && g.name == "drive":
		pairs, help = append(pairs, pair{"help", "on"}), false // which no drive has
	case help:
		return &opts{id: id, pairs: pairs, origin: origin}, true, nil, nil
	}
	if o, err = g.use(id, hasID); err != nil {
		return nil, false, warnings, err
	}
	o.origin = origin
	for _, p := range pairs {
		if err := g.set(o, p.name, p.value); err != nil {
			return nil, false, warnings, err
		}
	}
	return o, false, warnings, nil
}

// set gives one member a value, which must be one of the group's.
func (g *optGroup) set(o *opts, name, value string) error {
	if g.params != nil {
		kind, ok := g.params[name]
		if !ok {
			return fmt.Errorf("Invalid parameter '%s'", name)
		}
		if err := checkParam(kind, name, value); err != nil {
			return err
		}
	}
	o.pairs = append(o.pairs, pair{name, value})
	return nil
}

func checkParam(kind, name, value string) (err error) {
	switch kind {
	case "boolean":
		_, err = parseBool(name, value)
	case "number":
		_, err = parseNumber(name, value)
	case "size":
		if _, e := ParseSize(value, 0); e != nil {
			err = sizeError(e, name, value)
		}
	}
	return err
}

// splitOpts takes the older syntax apart.
func splitOpts(text, implied string) (pairs []pair, help bool, warnings []string) {
	for first := true; text != ""; first = false {
		end := strings.IndexAny(text, "=,")
		switch {
		case end >= 0 && text[end] == '=':
			name := text[:end]
			var value string
			value, text = untilComma(text[end+1:])
			pairs = append(pairs, pair{name, value})
		case first && implied != "":
			var value string
			value, text = untilComma(text)
			pairs = append(pairs, pair{implied, value})
		default:
			var name string
			name, text = untilComma(text)
			if name == "help" || name == "?" {
				help = true
				continue
			}
			p := pair{name, "on"}
			if rest, ok := strings.CutPrefix(name, "no"); ok {
				p = pair{rest, "off"}
			}
			warnings = append(warnings, fmt.Sprintf("short-form boolean option '%s' deprecated\nPlease use %s=%s instead", name, p.name, p.value))
			pairs = append(pairs, p)
		}
	}
	return pairs, help, warnings
}

// get returns the value of a member; of several the last counts.
func (o *opts) get(name string) (string, bool) {
	for i := len(o.pairs) - 1; i >= 0; i-- {
		if o.pairs[i].name == name {
			return o.pairs[i].value, true
		}
	}
	return "", false
}

// text returns the value of a member, "" without one.
func (o *opts) text(name string) string {
	s, _ := o.get(name)
	return s
}

// flag returns a boolean that set has checked already.
func (o *opts) flag(name string, otherwise bool) bool {
	s, ok := o.get(name)
	if !ok {
		return otherwise
	}
	b, err := parseBool(name, s)
	return err == nil && b
}

// object returns the members but for those named, in order; nil if none is
// left.
func (o *opts) object(without ...string) *qjson.Object {
	var rest *qjson.Object
next:
	for _, p := range o.pairs {
		for _, w := range without {
			if p.name == w {
				continue next
			}
		}
		if rest == nil {
			rest = qjson.NewObject()
		}
		rest.Set(p.name, p.value)
	}
	return rest
}

// all returns the members in order, those that are given several times as lists
// of texts. Nil if there is none.
func (o *opts) all() *qjson.Object {
	rest := o.object()
	if rest == nil || rest.Len() == len(o.pairs) {
		return rest
	}
	for name := range rest.All() {
		var values []any
		for _, p := range o.pairs {
			if p.name == name {
				values = append(values, p.value)
			}
		}
		if len(values) > 1 {
			rest.Set(name, values)
		}
	}
	return rest
}
