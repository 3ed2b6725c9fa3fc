package machine

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// defaultRAM is what machines get when nothing is said, except "none".
const defaultRAM = 128 << 20

// below4G is where RAM that does not fit below the PCI hole goes on.
const below4G = uint64(4) << 30

// buildRAM maps the machine's memory as PCs do: below a hole for PCI, and from
// 4 GiB on. The memory is a backend that the user made for it, or one of its
// own.
func (m *Machine) buildRAM() error {
	if m.numa.UsesBackends() {
		ram, err := m.buildNodeMemory()
		if err != nil {
			return err
		}
		return m.mapRAM(ram)
	}
	o, err := m.ramBackend()
	if o == nil || err != nil {
		return err
	}
	if m.object.Property("memory-backend") != nil {
		if err := m.object.Set("memory-backend", qom.Value(o.Path())); err != nil {
			return err
		}
	}
	b := o.Self().(*object.MemoryBackend)
	b.SetMapped(true)
	size := b.Size()
	m.opts.Memory = size
	if m.facts.Name == "none" {
		m.systemMemory.AddSubregion(0, b.RAM())
		return nil
	}
	return m.mapRAM(b.RAM())
}

// mapRAM shows the memory to the processors.
func (m *Machine) mapRAM(ram *memory.Region) error {
	size := m.opts.Memory
	low := min(size, m.holeAt(size))
	m.ram, m.lowRAM = ram, low
	m.warnLow(size, low)
	m.ramLow.InitAlias(m.env.Memory, nil, "ram-below-4g", ram, 0, low)
	m.systemMemory.AddSubregion(0, &m.ramLow)
	if size > low {
		m.ramHigh.InitAlias(m.env.Memory, nil, "ram-above-4g", ram, low, size-low)
		m.systemMemory.AddSubregion(below4G, &m.ramHigh)
	}
	end := below4G + size - low
	if err := m.buildWindow(end); err != nil {
		return err
	}
	return m.placeCXL(max(end, m.window.End()))
}

// maxMemorySlots is how many memory modules a PC takes.
const maxMemorySlots = 256

// buildWindow makes room for memory modules behind the memory that ends at
// address end.
func (m *Machine) buildWindow(end uint64) error {
	most, slots := m.opts.MaxMemory, m.opts.MemorySlots
	switch {
	case most <= m.opts.Memory:
		return nil
	case slots > maxMemorySlots:
		return fmt.Errorf("unsupported amount of memory slots: %d", slots)
	case most%pageSize != 0:
		return fmt.Errorf("maximum memory size must by aligned to multiple of %d bytes", pageSize)
	}
	m.window.Init(m.env.Memory, m.object, &m.systemMemory, end, most-m.opts.Memory, slots)
	return nil
}

// pageSize is the smallest unit of memory.
const pageSize = 4096

// ramBackend is the object that has the memory, nil for none.
func (m *Machine) ramBackend() (*qom.Object, error) {
	if m.opts.Settings != nil {
		if id, ok := m.opts.Settings.Get("memory-backend"); ok {
			return m.chosenBackend(fmt.Sprint(id))
		}
	}
	if m.opts.Memory == 0 {
		return nil, nil
	}
	id := m.facts.DefaultRAMID
	if id == "" {
		return nil, fmt.Errorf("machine '%s' takes no memory", m.facts.Name)
	}
	typ := "memory-backend-ram"
	if m.opts.MemoryPath != "" {
		typ = "memory-backend-file"
	}
	o, err := m.env.Tree.NewChild(object.Container(m.env.Tree), id, typ)
	if err != nil {
		return nil, err
	}
	if m.opts.MemoryPath != "" {
		if err := o.Set("mem-path", qom.Value(m.opts.MemoryPath)); err != nil {
			return nil, err
		}
	}
	if err := o.Set("size", qom.Value(int64(m.opts.Memory))); err != nil {
		return nil, err
	}
	return o, object.Complete(o)
}

// defaultMemory fills in how much memory there is, unless a backend says so.
func (m *Machine) defaultMemory() {
	if m.opts.Memory == 0 && m.facts.Name != "none" && m.asked("memory-backend") == "" {
		m.opts.Memory = defaultRAM
	}
}

// chosenBackend is the user's memory backend of the given id. A size that was
// asked for as well has to be its size.
func (m *Machine) chosenBackend(id string) (*qom.Object, error) {
	o, _ := m.env.Tree.Resolve(id, "memory-backend")
	if o == nil {
		return nil, fmt.Errorf("Memory backend '%s' not found", id)
	}
	b := o.Self().(*object.MemoryBackend)
	switch {
	case b.Mapped():
		return nil, fmt.Errorf("memory backend '%s' can't be used multiple times.", id)
	case m.opts.Memory != 0 && m.opts.Memory != b.Size():
		return nil, fmt.Errorf("Machine memory size does not match the size of the memory backend")
	}
	return o, nil
}

// holeAt is where memory ends below the hole for PCI: where the board has it, or
// before, as the property max-ram-below-4g says.
func (m *Machine) holeAt(size uint64) uint64 {
	limit, _ := m.askedSize("max-ram-below-4g")
	if m.IsQ35() {
		low := uint64(0xb0000000)
		if size >= low {
			low = 0x80000000
		}
		if limit == 0 || limit >= low {
			return low
		}
		return limit
	}
	if limit == 0 {
		limit = 0xe0000000
	}
	if size >= limit {
		return min(limit, 0xc0000000)
	}
	return limit
}

// warnLow tells of memory that is divided badly.
func (m *Machine) warnLow(size, low uint64) {
	limit, given := m.askedSize("max-ram-below-4g")
	const gib, least = 1 << 30, 1 << 20
	if given && limit < least {
		m.log.Warn(fmt.Sprintf("Only %d bytes of RAM below the 4GiB boundary,BIOS may not work with less than 1MiB", limit))
	}
	switch {
	case limit == 0 || low != limit || limit%gib == 0 || size < limit:
	case m.IsPC():
		m.log.Warn(fmt.Sprintf("Large machine and max_ram_below_4g (%d) not a multiple of 1G; possible bad performance.", limit))
	case size-low > low:
		m.log.Warn(fmt.Sprintf("There is possibly poor performance as the ram size  (0x%x) is more then twice the size of max-ram-below-4g (%d) "+
			"and max-ram-below-4g is not a multiple of 1G.", size, limit))
	}
}

// MemorySize returns how many bytes of memory the machine was made with.
func (m *Machine) MemorySize() uint64 { return m.opts.Memory }
