package machine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/numa"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp/qjson"
)

// SetNUMA adds a statement about NUMA nodes, the arguments of set-numa-node,
// before the machine is built.
func (m *Machine) SetNUMA(args *qjson.Object) error {
	if err := m.beginNUMA(); err != nil {
		return err
	}
	return m.numa.Apply(args)
}

func (m *Machine) beginNUMA() error {
	if !m.IsPC() && !m.IsQ35() {
		return errors.New("NUMA is not supported by this machine-type")
	}
	if m.numa != nil {
		return nil
	}
	if err := m.planProcessors(); err != nil {
		return err
	}
	m.numa = numa.New(numa.Machine{
		CPUs: m.numaCPUs(), LegacyMemory: m.facts.NUMAMemSupported, HMAT: m.asked("hmat") == "on",
		Complain: func(text string) { m.log.Error(text) },
		Backend: func(name string) (string, uint64, bool) {
			o, _ := m.env.Tree.Resolve(name, "memory-backend")
			if o == nil {
				return "", 0, false
			}
			return o.Path(), o.Self().(*object.MemoryBackend).Size(), true
		},
	})
	return nil
}

// asked is a property of the machine as it was asked for, before it is built.
func (m *Machine) asked(name string) string {
	v, _ := m.askedFor(name)
	s, _ := v.(string)
	return s
}

// numaCPUs are the places for processors with the levels that are told apart.
func (m *Machine) numaCPUs() []numa.CPU {
	list := make([]numa.CPU, len(m.slots))
	for i := range m.slots {
		s := &m.slots[i]
		levels := []numa.Level{{Name: "socket-id", Value: s.Socket}, {Name: "core-id", Value: s.Core}, {Name: "thread-id", Value: s.Thread}}
		if m.topology.Dies > 1 {
			levels = append(levels, numa.Level{Name: "die-id", Value: s.Die})
		}
		if m.topology.Modules > 1 {
			levels = append(levels, numa.Level{Name: "module-id", Value: s.Module})
		}
		list[i].Levels = levels
	}
	return list
}

// completeNUMA checks what was said of nodes. A machine that takes more memory
// later has one node when nothing was said.
func (m *Machine) completeNUMA() error {
	if m.numa.Len() == 0 && (m.IsPC() || m.IsQ35()) && (m.opts.MemorySlots > 0 || m.opts.MaxMemory > m.opts.Memory) {
		if err := m.beginNUMA(); err != nil {
			return err
		}
		m.numa.Single(m.opts.Memory)
	}
	if m.numa == nil {
		return nil
	}
	if err := m.numa.Complete(m.opts.Memory); err != nil || m.numa.Len() == 0 {
		return err
	}
	if m.numa.UsesBackends() && m.asked("memory-backend") != "" {
		return errors.New("'-machine memory-backend' and '-numa memdev' properties are mutually exclusive")
	}
	left, err := m.numa.Spread()
	if err != nil {
		return err
	}
	if len(left) > 0 && m.opts.Accel != "qtest" {
		m.log.Warn("CPU(s) not present in any NUMA nodes: " + m.placesText(left))
		m.log.Warn("All CPU(s) up to maxcpus should be described in NUMA config, ability to start up with partial NUMA mappings " +
			"is obsoleted and will be removed in future")
	}
	return nil
}

// placesText names places for processors.
func (m *Machine) placesText(indices []int) string {
	var words []string
	for _, i := range indices {
		s, t := &m.slots[i], m.topology
		text := fmt.Sprintf("socket-id: %d", s.Socket)
		if t.Dies > 1 {
			text += fmt.Sprintf(", die-id: %d", s.Die)
		}
		if t.Modules > 1 {
			text += fmt.Sprintf(", module-id: %d", s.Module)
		}
		words = append(words, fmt.Sprintf("CPU %d [%s, core-id: %d, thread-id: %d]", i, text, s.Core, s.Thread))
	}
	return strings.Join(words, ", ")
}

// buildNodeMemory puts the memory of nodes together, in the order of the nodes.
func (m *Machine) buildNodeMemory() (*memory.Region, error) {
	all := &m.nodeMemory
	all.Init(m.env.Memory, m.object, m.facts.DefaultRAMID, m.opts.Memory)
	at := uint64(0)
	for _, n := range m.numa.Nodes() {
		if n.Backend == "" {
			continue
		}
		o, _ := m.env.Tree.Resolve(n.Backend, "memory-backend")
		if o == nil {
			return nil, fmt.Errorf("memory backend '%s' has gone", n.Backend)
		}
		b := o.Self().(*object.MemoryBackend)
		if b.Mapped() {
			return nil, fmt.Errorf("memory backend %s can't be used multiple times.", b.Name())
		}
		b.SetMapped(true)
		all.AddSubregion(at, b.RAM())
		at += n.Memory
	}
	return all, nil
}

// NUMANodes returns the nodes, none where there is no NUMA.
func (m *Machine) NUMANodes() []numa.Node {
	if m.numa == nil {
		return nil
	}
	return m.numa.Nodes()
}

// Node returns the NUMA node of a slot, and whether it has one.
func (m *Machine) Node(s *CPUSlot) (int64, bool) { return m.numa.NodeOf(int(s.Index)) }

// nodeCount is how many nodes there are; see [qdev.Env.NUMANodes].
func (m *Machine) nodeCount() int { return m.numa.Len() }
