package machine

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Topology is QEMU's SMPConfiguration as /machine shows it.
type Topology struct {
	CPUs     int64 `json:"cpus"`
	Drawers  int64 `json:"drawers"`
	Books    int64 `json:"books"`
	Sockets  int64 `json:"sockets"`
	Dies     int64 `json:"dies"`
	Clusters int64 `json:"clusters"`
	Modules  int64 `json:"modules"`
	Cores    int64 `json:"cores"`
	Threads  int64 `json:"threads"`
	MaxCPUs  int64 `json:"maxcpus"`
}

// CPUSlot is a place for a processor.
type CPUSlot struct {
	Type                              string
	Socket, Die, Module, Core, Thread int64
	CPU                               *qom.Object // nil while it is empty

	parts *chipset.Processor
}

// topology takes levels that were not said for one, and as many processors as
// there is room for. Descriptions that leave more open are resolved before.
func topology(s SMP) Topology {
	one := func(n int) int64 { return int64(max(n, 1)) }
	t := Topology{
		CPUs: int64(s.CPUs), Drawers: 1, Books: 1, Sockets: one(s.Sockets), Dies: one(s.Dies), Clusters: 1,
		Modules: one(s.Modules), Cores: one(s.Cores), Threads: one(s.Threads),
	}
	t.MaxCPUs = t.Sockets * t.Dies * t.Modules * t.Cores * t.Threads
	if t.CPUs == 0 || t.CPUs > t.MaxCPUs {
		t.CPUs = t.MaxCPUs
	}
	return t
}

// buildProcessors makes the table of places and the processors that are there
// from the start.
func (m *Machine) buildProcessors() error {
	m.topology = topology(m.opts.SMP)
	if most := m.facts.CPUMax; most > 0 && m.topology.MaxCPUs > most {
		return fmt.Errorf("Invalid SMP CPUs %d. The max CPUs supported by machine '%s' is %d", m.topology.MaxCPUs, m.facts.Name, most)
	}
	typ, err := m.cpuType()
	if err != nil || typ == "" {
		return err
	}
	t := m.topology
	for i := range t.MaxCPUs {
		core := i / t.Threads
		module := core / t.Cores
		die := module / t.Modules
		m.slots = append(m.slots, CPUSlot{
			Type: typ, Thread: i % t.Threads, Core: core % t.Cores, Module: module % t.Modules,
			Die: die % t.Dies, Socket: die / t.Dies,
		})
	}
	for i := range t.CPUs {
		if err := m.addProcessor(&m.slots[i], i); err != nil {
			return err
		}
	}
	return nil
}

// cpuType is the QOM type of the processors, empty when the machine has none.
func (m *Machine) cpuType() (string, error) {
	model, _, _ := strings.Cut(m.opts.CPU, ",")
	if model == "" {
		return m.facts.DefaultCPUType, nil
	}
	if m.facts.DefaultCPUType == "" {
		return "", nil
	}
	typ := model + "-x86_64-cpu"
	if c := m.env.Tree.Types.Class(typ); c == nil || c.Abstract() {
		return "", fmt.Errorf("unable to find CPU model '%s'", model)
	}
	return typ, nil
}

func (m *Machine) addProcessor(s *CPUSlot, index int64) error {
	o, err := m.env.Tree.NewChild(m.env.Unattached, "device[*]", s.Type)
	if err != nil {
		return err
	}
	for name, v := range map[string]int64{
		"socket-id": s.Socket, "die-id": s.Die, "module-id": s.Module, "core-id": s.Core, "thread-id": s.Thread,
		"apic-id": index,
	} {
		if o.Property(name) != nil {
			o.Store(name, v)
		}
	}
	s.CPU = o
	if err := qdev.From(o).Realize(nil); err != nil {
		return err
	}
	return m.processorParts(s, index)
}

// CPUSlots returns the places for processors, in order.
func (m *Machine) CPUSlots() []CPUSlot { return m.slots }
