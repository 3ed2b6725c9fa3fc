package machine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/cpu"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/thread"
	"github.com/qomd/qomd/qmp/qjson"
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
	Index                             int64 // in the table of places
	APICID                            uint32
	Socket, Die, Module, Core, Thread int64
	CPU                               *qom.Object // nil while it is empty

	parts  *chipset.Processor
	space  *memory.AddressSpace // memory as the processor sees it
	thread *thread.Thread       // nil without Options.Threads
}

// ThreadID returns the number of the processor's thread, that of the process
// where it has none.
func (s *CPUSlot) ThreadID() int { return s.thread.ID() }

// Processor returns the processor in the slot, nil when it is empty.
func (s *CPUSlot) Processor() *cpu.CPU {
	if s.CPU == nil {
		return nil
	}
	return cpu.From(qdev.From(s.CPU))
}

// short is the topology of QEMU up to 7.2, which knew of fewer levels.
func (t Topology) short() any {
	o := qjson.NewObject()
	for _, m := range []struct {
		name string
		n    int64
	}{
		{"cpus", t.CPUs}, {"sockets", t.Sockets}, {"dies", t.Dies}, {"clusters", t.Clusters},
		{"cores", t.Cores}, {"threads", t.Threads}, {"maxcpus", t.MaxCPUs},
	} {
		o.Set(m.name, m.n)
	}
	return o
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

// places is the part of the topology that a processor's ids are about.
func (t Topology) places() cpu.Topology {
	return cpu.Topology{Sockets: t.Sockets, Dies: t.Dies, Modules: t.Modules, Cores: t.Cores, Threads: t.Threads}
}

// planProcessors makes the table of places, once.
func (m *Machine) planProcessors() error {
	if m.slots != nil {
		return nil
	}
	m.topology = topology(m.opts.SMP)
	if most := m.facts.CPUMax; most > 0 && m.topology.MaxCPUs > most {
		return fmt.Errorf("Invalid SMP CPUs %d. The max CPUs supported by machine '%s' is %d", m.topology.MaxCPUs, m.facts.Name, most)
	}
	typ, err := m.cpuType()
	if err != nil || typ == "" {
		return err
	}
	places := m.topology.places()
	for i := range m.topology.MaxCPUs {
		p := places.At(i)
		m.slots = append(m.slots, CPUSlot{
			Type: typ, Index: i, APICID: places.APICID(p),
			Thread: p.Thread, Core: p.Core, Module: p.Module, Die: p.Die, Socket: p.Socket,
		})
	}
	return nil
}

// buildProcessors makes the processors that are there from the start.
func (m *Machine) buildProcessors() error {
	if err := m.planProcessors(); err != nil {
		return err
	}
	if len(m.slots) == 0 {
		return nil
	}
	for i := range m.topology.CPUs {
		if err := m.addProcessor(&m.slots[i]); err != nil {
			return err
		}
	}
	m.env.AlsoReset(func() {
		for _, s := range m.processors {
			s.Processor().ColdReset()
		}
	})
	return nil
}

// cpuType is the QOM type of the processors, empty when the machine has none.
// The features that come with the model's name become defaults of the type.
func (m *Machine) cpuType() (string, error) {
	model, features, _ := strings.Cut(m.opts.CPU, ",")
	if model == "" {
		return m.facts.DefaultCPUType, nil
	}
	if m.facts.DefaultCPUType == "" {
		return "", nil
	}
	typ := model + "-x86_64-cpu"
	c := m.env.Tree.Types.Class(typ)
	if c == nil || c.Abstract() {
		return "", fmt.Errorf("unable to find CPU model '%s'", model)
	}
	settings, err := cpu.ParseFeatures(c, features)
	for _, s := range settings {
		m.env.Defaults = append(m.env.Defaults, qdev.Default{Type: typ, Property: s.Property, Value: s.Value, User: true})
	}
	return typ, err
}

// hostModel is the processor of the host, which only KVM passes on.
const hostModel = "host-x86_64-cpu"

// addProcessor makes a processor of the machine itself.
func (m *Machine) addProcessor(s *CPUSlot) error {
	if s.Type == hostModel && m.accelName() != "KVM" {
		return errors.New("CPU model 'host' requires KVM or HVF")
	}
	o, err := m.env.Tree.NewChild(m.env.Unattached, "device[*]", s.Type)
	if err != nil {
		return err
	}
	s.CPU = o
	d := qdev.From(o)
	c := cpu.From(d)
	if c == nil {
		return d.Realize(nil)
	}
	c.Settle(s.place(), s.APICID)
	if err := d.Realize(nil); err != nil {
		return err
	}
	if m.hotplugHandler(d) == nil {
		m.occupy(s, d)
	}
	return nil
}

func (s *CPUSlot) place() cpu.Place {
	return cpu.Place{Socket: s.Socket, Die: s.Die, Module: s.Module, Core: s.Core, Thread: s.Thread}
}

// occupy records that a processor is in its slot.
func (m *Machine) occupy(s *CPUSlot, d *qdev.Device) {
	s.CPU = &d.Object
	m.processors = append(m.processors, s)
	if m.env.Threads {
		s.thread = thread.Start(fmt.Sprintf("CPU %d/%s", s.Index, m.accelName()))
	}
}

// accelName is how QEMU names what runs the processors.
func (m *Machine) accelName() string {
	if m.opts.Accel == "" {
		return "TCG"
	}
	return strings.ToUpper(m.opts.Accel)
}

// vacate records that a slot is empty.
func (m *Machine) vacate(s *CPUSlot) {
	s.thread.Stop()
	s.space.Destroy()
	s.CPU, s.parts, s.space, s.thread = nil, nil, nil, nil
	m.processors = slices.DeleteFunc(m.processors, func(o *CPUSlot) bool { return o == s })
}

// CPUSlots returns the places for processors, in order.
func (m *Machine) CPUSlots() []CPUSlot { return m.slots }

// Processors returns the places that are taken, in the order in which their
// processors came.
func (m *Machine) Processors() []*CPUSlot { return m.processors }

// Topology returns how the places for processors are arranged.
func (m *Machine) Topology() Topology { return m.topology }
