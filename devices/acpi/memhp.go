package acpi

import (
	"strconv"

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
	env      *qdev.Env
	gpe      *GPE
	region   memory.Region
	slots    []memSlot
	selector uint32
}

type memSlot struct {
	request
	module         Module
	source, status uint32
}

// Init makes the registers, a region of dev in io, for a number of slots.
func (h *MemoryHotplug) Init(dev *qdev.Device, gpe *GPE, io *memory.Region, slots int) {
	h.env, h.gpe, h.slots = dev.Env(), gpe, make([]memSlot, slots)
	h.region.InitIO(h.env.Memory, &dev.Object, memory.Funcs{OnRead: h.read, OnWrite: h.write}, "acpi-mem-hotplug", memHPSize)
	h.region.SetRules(&memHPRules)
	io.AddSubregion(memHPBase, &h.region)
}

var memHPRules = memory.Rules{Valid: memory.Access{Min: 1, Max: 4, Unaligned: true}, Impl: memory.Access{Min: 1, Max: 4, Unaligned: true}}

// Base returns the port of the registers, 0 when there are none.
func (h *MemoryHotplug) Base() uint16 { return uint16(h.region.Address()) }

// Len returns the number of slots.
func (h *MemoryHotplug) Len() int { return len(h.slots) }

// Place puts a module in a slot. One that came while the machine ran is
// announced to the guest.
func (h *MemoryHotplug) Place(i int, m Module) {
	s := &h.slots[i]
	s.module = m
	if m.Qdev().Hotplugged() {
		s.inserting = true
		h.gpe.Send(GPEMemoryHotplug)
	}
}

// Request asks the guest to let the module in a slot go.
func (h *MemoryHotplug) Request(i int) {
	h.slots[i].removing = true
	h.gpe.Send(GPEMemoryHotplug)
}

// Vacate says that a slot is empty. The events and reports of its module stay
// with the slot.
func (h *MemoryHotplug) Vacate(i int) { h.slots[i].module = nil }

// Status lists what the guest reported, slot by slot.
func (h *MemoryHotplug) Status() []OST {
	list := make([]OST, len(h.slots))
	for i := range h.slots {
		list[i] = h.report(i)
	}
	return list
}

func (h *MemoryHotplug) report(i int) OST {
	s := &h.slots[i]
	o := OST{Slot: strconv.Itoa(i), SlotType: "DIMM", Source: s.source, Status: s.status}
	if s.module != nil {
		o.Device = s.module.Qdev().ID()
	}
	return o
}

func (h *MemoryHotplug) selected() *memSlot {
	if h.selector < uint32(len(h.slots)) {
		return &h.slots[h.selector]
	}
	return nil
}

func (h *MemoryHotplug) read(addr uint64, _ int) uint64 {
	s := h.selected()
	if s == nil {
		return 0
	}
	var at, size, node uint64
	if m := s.module; m != nil {
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
		return s.flags(s.module != nil)
	}
	return memUnwanted
}

func (h *MemoryHotplug) write(addr uint64, _ int, val uint64) {
	if addr == memSelect {
		h.selector = uint32(val)
		return
	}
	s := h.selected()
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
		case val&slotEject != 0 && s.module != nil:
			eject(s.module.Qdev())
		}
	}
}
