package hmp

import (
	"slices"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// processorTopics are the topics of "info" on processors.
func processorTopics() []*command {
	return []*command{
		{names: "cpus", help: "the processors", qmp: "query-cpus-fast", run: infoCPUs},
		{names: "hotpluggable-cpus", help: "places for processors", qmp: "query-hotpluggable-cpus", run: infoHotpluggableCPUs},
		{names: "iothreads", help: "I/O threads", qmp: "query-iothreads", run: infoIOThreads},
		{names: "registers", args: "cpustate_all:-a,vcpu:i?", params: "[-a|vcpu]",
			help: "registers of the current processor, of one or, with -a, of all", run: infoRegisters},
		{names: "lapic", args: "apic-id:i?", params: "[apic-id]", help: "the interrupt controller of a processor", run: infoLAPIC},
		{names: "mem", help: "virtual memory, which no guest has turned on", run: pagingOff},
		{names: "tlb", help: "translations of virtual addresses, which no guest has turned on", run: pagingOff},
		{names: "stats", args: "target:s,names:s?,provider:s?", params: "target [names] [provider]",
			help: "statistics that accelerators keep; there are none", run: infoStats},
	}
}

// pagingOff is the state of a processor that runs no guest.
func pagingOff(r *run) error {
	if r.processor() == nil {
		r.printf("No CPU available\n")
		return nil
	}
	r.printf("PG disabled\n")
	return nil
}

// statTargets and statProviders are what statistics could be asked for.
var (
	statTargets   = []string{"vm", "vcpu", "cryptodev"}
	statProviders = []string{"kvm", "cryptodev"}
)

func infoStats(r *run) error {
	target, provider := r.args.text("target"), r.args.text("provider")
	switch {
	case !slices.Contains(statTargets, target):
		r.printf("invalid stats target %s\n", target)
	case r.has("provider") && !slices.Contains(statProviders, provider):
		r.printf("invalid stats provider %s\n", provider)
	}
	return nil
}

func infoCPUs(r *run) error {
	list, err := r.list("query-cpus-fast")
	if err != nil {
		return err
	}
	current := r.processor()
	for _, c := range list {
		mark := ' '
		if current != nil && number(c, "cpu-index") == current.Index {
			mark = '*'
		}
		model, _, _ := strings.Cut(text(c, "qom-type"), "-x86_64-cpu")
		r.printf("%c CPU #%d: thread_id=%d", mark, number(c, "cpu-index"), number(c, "thread-id"))
		if !r.h.m.Env().Ways.BareCPUs {
			r.printf(" model=%s", model)
		}
		r.printf("\n")
	}
	return nil
}

// placeMembers are the members of CpuInstanceProperties, as QEMU prints them.
var placeMembers = []string{
	"node-id", "drawer-id", "book-id", "socket-id", "die-id", "cluster-id", "module-id", "core-id", "thread-id",
}

func infoHotpluggableCPUs(r *run) error {
	list, err := r.list("query-hotpluggable-cpus")
	if err != nil {
		return err
	}
	r.printf("Hotpluggable CPUs:\n")
	for _, c := range list {
		r.printf("  type: \"%s\"\n", text(c, "type"))
		r.printf("  vcpus_count: \"%d\"\n", number(c, "vcpus-count"))
		if c.Has("qom-path") {
			r.printf("  qom_path: \"%s\"\n", text(c, "qom-path"))
		}
		r.printf("  CPUInstance Properties:\n")
		place := member(c, "props")
		for _, name := range placeMembers {
			if place.Has(name) {
				r.printf("    %s: \"%d\"\n", name, number(place, name))
			}
		}
	}
	return nil
}

func infoIOThreads(r *run) error {
	list, err := r.list("query-iothreads")
	if err != nil {
		return err
	}
	for _, t := range list {
		r.printf("%s:\n  thread_id=%d\n", text(t, "id"), number(t, "thread-id"))
		r.lines(t, "poll-max-ns", "poll-grow", "poll-shrink", "poll-weight", "aio-max-batch")
	}
	return nil
}

// lines prints those members of an object that it has, a line each.
func (r *run) lines(o *qjson.Object, names ...string) {
	for _, n := range names {
		if v, ok := o.Get(n); ok {
			r.printf("  %s=%s\n", n, plain(v))
		}
	}
}
