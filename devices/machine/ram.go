package machine

import (
	"fmt"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// defaultRAM is what machines get when nothing is said, except "none".
const defaultRAM = 128 << 20

// below4G is where RAM that does not fit below the PCI hole goes on.
const below4G = uint64(4) << 30

// buildRAM makes the machine's memory and maps it, as PCs do: below a hole for
// PCI, and from 4 GiB on.
func (m *Machine) buildRAM() error {
	if m.opts.Memory == 0 && m.facts.Name != "none" {
		m.opts.Memory = defaultRAM
	}
	size := m.opts.Memory
	if size == 0 {
		return nil
	}
	id := m.facts.DefaultRAMID
	if id == "" {
		return fmt.Errorf("machine '%s' takes no memory", m.facts.Name)
	}
	o, err := m.env.Tree.NewChild(m.objects, id, "memory-backend-ram")
	if err != nil {
		return err
	}
	if err := o.Set("size", qom.Value(int64(size))); err != nil {
		return err
	}
	if err := object.Complete(o); err != nil {
		return err
	}
	if m.object.Property("memory-backend") != nil {
		if err := m.object.Set("memory-backend", qom.Value(o.Path())); err != nil {
			return err
		}
	}
	b := o.Self().(*object.MemoryBackend)
	b.SetMapped(true)
	if m.facts.Name == "none" {
		m.systemMemory.AddSubregion(0, b.RAM())
		return nil
	}
	low := min(size, m.holeAt(size))
	m.ram, m.lowRAM = b.RAM(), low
	m.ramLow.InitAlias(m.env.Memory, nil, "ram-below-4g", b.RAM(), 0, low)
	m.systemMemory.AddSubregion(0, &m.ramLow)
	if size > low {
		m.ramHigh.InitAlias(m.env.Memory, nil, "ram-above-4g", b.RAM(), low, size-low)
		m.systemMemory.AddSubregion(below4G, &m.ramHigh)
	}
	return nil
}

// holeAt is where memory ends below the hole for PCI.
func (m *Machine) holeAt(size uint64) uint64 {
	if m.IsQ35() {
		if size >= 0xb0000000 {
			return 0x80000000
		}
		return 0xb0000000
	}
	if size >= 0xe0000000 {
		return 0xc0000000
	}
	return 0xe0000000
}

// MemorySize returns how many bytes of memory the machine was made with.
func (m *Machine) MemorySize() uint64 { return m.opts.Memory }
