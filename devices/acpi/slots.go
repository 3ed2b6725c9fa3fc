package acpi

import (
	"strconv"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// slots is what CPU and memory hot-plug have in common: numbered slots, of
// which the guest selects one, and an event that makes it look at them.
type slots struct {
	env      *qdev.Env
	gpe      *GPE
	event    uint8  // its bit in the GPE block
	slotType string // in an _OST report
	region   memory.Region
	slots    []slot
	selector uint32
}

type slot struct {
	request
	dev            *qdev.Device // nil: empty
	source, status uint32       // of the last _OST report
}

// Base returns the port of the registers, 0 when there are none.
func (h *slots) Base() uint16 { return uint16(h.region.Address()) }

// Len returns the number of slots.
func (h *slots) Len() int { return len(h.slots) }

// place puts a device in a slot. One that came while the machine ran is
// announced to the guest.
func (h *slots) place(i int, dev *qdev.Device) {
	s := &h.slots[i]
	s.dev = dev
	if dev.Hotplugged() {
		s.inserting = true
		h.gpe.Send(h.event)
	}
}

// Request asks the guest to let the device in a slot go.
func (h *slots) Request(i int) {
	h.slots[i].removing = true
	h.gpe.Send(h.event)
}

// Vacate says that a slot is empty. What the guest was told and what it
// reported stay with the slot.
func (h *slots) Vacate(i int) { h.slots[i].dev = nil }

// Status lists what the guest reported, slot by slot.
func (h *slots) Status() []OST {
	list := make([]OST, len(h.slots))
	for i := range h.slots {
		list[i] = h.report(i)
	}
	return list
}

func (h *slots) report(i int) OST {
	s := &h.slots[i]
	o := OST{Slot: strconv.Itoa(i), SlotType: h.slotType, Source: s.source, Status: s.status}
	if s.dev != nil {
		o.Device = s.dev.ID()
	}
	return o
}

// addressed returns the slot that a write is about, nil when it chose one, by the
// selector at address at, or when there is none.
func (h *slots) addressed(addr, at, val uint64) *slot {
	if addr == at {
		h.selector = uint32(val)
		return nil
	}
	return h.selected()
}

// selected returns the slot the registers are about, nil when there is none.
func (h *slots) selected() *slot {
	if h.selector < uint32(len(h.slots)) {
		return &h.slots[h.selector]
	}
	return nil
}
