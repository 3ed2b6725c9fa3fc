package acpi

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Offsets of the registers of memory hot-plug, 32 bits each but for the flags;
// QEMU's docs/specs/acpi_mem_hotplug describes them.
const (
	memSelect   = 0x00 // write: which slot the others are about
	memAddress  = 0x00 // read: where the module is, low and high half
	memSource   = 0x04 // write: source of an _OST report
	memStatus   = 0x08 // write: its status, which sends it
	memSize     = 0x08 // read: its size in bytes, low and high half
	memNode     = 0x10 // read: its NUMA node
	memFlags    = 0x14 // 8 bits
	memHPSize   = 0x18
	memHPBase   = 0xa00
	memUnwanted = ^uint64(0) // answer where there is no register
)

// Module is a memory module as the guest sees it.
type Module interface {
	Qdev() *qdev.Device
	Address() uint64
	MemorySize() uint64
	Node() uint32
}

// MemoryHotplug is the ACPI hardware by which memory modules come and go.
type MemoryHotplug struct {
	slots
	modules []Module // by slot, nil: empty
}

// Init makes the registers, a region of dev in io, for a number of slots.
func (h *MemoryHotplug) Init(dev *qdev.Device, gpe *GPE, io *memory.Region, count int) {
	h.slots = slots{env: dev.Env(), gpe: gpe, event: GPEMemoryHotplug, slotType: "DIMM", slots: make([]slot, count)}
	h.modules = make([]Module, count)
	h.region.InitIO(h.env.Memory, &dev.Object, memory.Funcs{OnRead: h.read, OnWrite: h.write}, "acpi-mem-hotplug", memHPSize)
	h.region.SetRules(&memHPRules)
	io.AddSubregion(memHPBase, &h.region)
}

var memHPRules = memory.Rules{Valid: memory.Access{Min: 1, Max: 4, Unaligned: true}, Impl: memory.Access{Min: 1, Max: 4, Unaligned: true}}

// Place puts a module in a slot. One that came while the machine ran is
// announced to the guest.
func (h *MemoryHotplug) Place(i int, m Module) {
	h.modules[i] = m
	h.place(i, m.Qdev())
}

// Vacate says that a slot is empty. The events and reports of its module stay
// with the slot.
func (h *MemoryHotplug) Vacate(i int) {
	h.modules[i] = nil
	h.slots.Vacate(i)
}

func (h *MemoryHotplug) read(addr uint64, _ int) uint64 {
	s := h.selected()
	if s == nil {
		return 0
	}
	var at, size, node uint64
	if m := h.modules[h.selector]; m != nil {
		at, size, node = m.Address(), m.MemorySize(), uint64(m.Node())
	}
	switch addr {
	case memAddress:
		return at & 0xffffffff
	case memAddress + 4:
		return at >> 32
	case memSize:
		return size & 0xffffffff
	case memSize + 4:
		return size >> 32
	case memNode:
		return node
	case memFlags:
		return s.flags(s.dev != nil)
	}
	return memUnwanted
}

func (h *MemoryHotplug) write(addr uint64, _ int, val uint64) {
	s := h.addressed(addr, memSelect, val)
	if s == nil {
		return
	}
	switch addr {
	case memSource:
		s.source = uint32(val)
	case memStatus:
		s.status = uint32(val)
		emitOST(h.env, h.report(int(h.selector)))
	case memFlags:
		switch {
		case val&slotInserting != 0:
			s.inserting = false
		case val&slotRemoving != 0:
			s.removing = false
		case val&slotEject != 0 && s.dev != nil:
			if err := eject(s.dev); err != nil {
				tellUnplugError(s.dev, err)
			}
		}
	}
}

// memUnplugError is the data of MEM_UNPLUG_ERROR.
type memUnplugError struct {
	Device string `json:"device"`
	Msg    string `json:"msg"`
}

// tellUnplugError tells the monitors that a module was ejected in vain. The first
// of the two events ended with QEMU 9.1; catalogs of later versions drop it.
func tellUnplugError(d *qdev.Device, err error) {
	env := d.Env()
	if d.ID() != "" {
		env.Emit("MEM_UNPLUG_ERROR", memUnplugError{d.ID(), err.Error()})
	}
	env.Emit("DEVICE_UNPLUG_GUEST_ERROR", qdev.Deleted{Device: d.ID(), Path: d.CanonicalPath()})
}
