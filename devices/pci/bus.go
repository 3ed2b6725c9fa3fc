package pci

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Bus is a PCI or PCI Express bus. Initialize it with [InitRootBus]; the
// secondary bus of a bridge is made by the [Bridge].
type Bus struct {
	qdev.Bus
	slots    [32]*[8]*Device
	reserved uint32 // slots that are not given to devices
	min      uint8  // devfn that automatic addresses start from

	parent   *Bridge   // nil for a root bus
	expander *Expander // of a root bus: whose it is, nil for the board's own
	number   uint8     // of a root bus
	children []*Bus    // secondary buses of bridges on this one, and expanders' buses; newest first
	mem, io  *memory.Region
	dma      *memory.Region        // root buses: what bus masters see
	chassis  map[chassisSlot]*Slot // of the board's root bus, as indexes
	indexes  map[uint32]*Device    // functions by acpi-index

	// OnLine, of a root bus, is told when a function on it, or one behind the
	// bridge there, asserts or releases a pin: as the root bus sees it, pins
	// from 0. Behind an expander they may be less. May be nil.
	OnLine func(devfn uint8, pin int, asserted bool)
	// OnIRQ, of a root bus, is told when the number of asserted functions of
	// an interrupt pin (0 to 3, after swizzling) went up or down. May be nil.
	OnIRQ func(pin int, asserted int)
	pins  [4]int
}

type chassisSlot struct {
	chassis uint8
	slot    uint16
}

// Spaces is what a root bus decodes: BARs appear in Mem and IO, bus masters see
// DMA.
type Spaces struct{ Mem, IO, DMA *memory.Region }

// InitRootBus makes b the bus of a host bridge. typ is "PCI" or "PCIE".
func InitRootBus(b *Bus, typ string, host *qdev.Device, name string, spaces Spaces) *Bus {
	qdev.InitBus(b, typ, host, nil, name)
	b.mem, b.io, b.dma = spaces.Mem, spaces.IO, spaces.DMA
	return b
}

// BusFrom returns the PCI bus that q is, nil when it is none.
func BusFrom(q *qdev.Bus) *Bus {
	if q == nil {
		return nil
	}
	b, _ := q.Self().(*Bus)
	return b
}

// Express reports whether this is a PCI Express bus.
func (b *Bus) Express() bool { return b.Is("PCIE") }

// Root reports whether the bus belongs to a host bridge.
func (b *Bus) Root() bool { return b.parent == nil }

// RootPath names the root bus that the bus lies behind, as QEMU does: the segment
// and the number of the bus.
func (b *Bus) RootPath() string {
	return fmt.Sprintf("0000:%02x", b.RootBus().Number())
}

// Bridge returns the bridge whose secondary bus this is, nil for a root bus.
func (b *Bus) Bridge() *Bridge { return b.parent }

// MemorySpace returns the region that memory BARs are mapped into.
func (b *Bus) MemorySpace() *memory.Region { return b.mem }

// IOSpace returns the region that I/O BARs are mapped into.
func (b *Bus) IOSpace() *memory.Region { return b.io }

// RootBus returns the bus of the host bridge above, which may be an expander's.
func (b *Bus) RootBus() *Bus {
	for b.parent != nil && b.parent.bus != nil {
		b = b.parent.bus
	}
	return b
}

// upstream returns the function that the bus hangs on, a bridge or an expander;
// nil for the board's root bus.
func (b *Bus) upstream() *Device {
	switch {
	case b.parent != nil:
		return &b.parent.Device
	case b.expander != nil:
		return &b.expander.Device
	}
	return nil
}

// top returns the board's root bus.
func (b *Bus) top() *Bus {
	for up := b.upstream(); up != nil && up.bus != nil; up = b.upstream() {
		b = up.bus
	}
	return b
}

// Roots returns the expanders' root buses that hang on b, the newest first, and
// b as the last.
func (b *Bus) Roots() []*Bus {
	var list []*Bus
	for _, c := range b.children {
		if c.Root() {
			list = append(list, c)
		}
	}
	return append(list, b)
}

// Reserve keeps slots from devices: bit n stands for slot n.
func (b *Bus) Reserve(slots uint32) { b.reserved |= slots }

// SetFirst sets the devfn that automatic addresses start from.
func (b *Bus) SetFirst(devfn uint8) { b.min = devfn }

// At returns the function at an address, or nil.
func (b *Bus) At(devfn uint8) *Device {
	if s := b.slots[devfn>>3]; s != nil {
		return s[devfn&7]
	}
	return nil
}

func (b *Bus) setAt(devfn uint8, d *Device) {
	s := &b.slots[devfn>>3]
	if *s == nil {
		*s = new([8]*Device)
	}
	(*s)[devfn&7] = d
	if d == nil && **s == ([8]*Device{}) {
		*s = nil
	}
}

// Functions lists the functions on the bus in order of address.
func (b *Bus) Functions() []*Device {
	var list []*Device
	for _, s := range b.slots {
		if s == nil {
			continue
		}
		for _, d := range s {
			if d != nil {
				list = append(list, d)
			}
		}
	}
	return list
}

// Number returns the number of the bus: 0 for the board's root bus, that of the
// expander for its own, what the guest wrote into the bridge for others.
func (b *Bus) Number() uint8 {
	if b.parent == nil {
		return b.number
	}
	return b.parent.Config(regSecondaryBus)
}

// Find returns the bus of a number at or below b, as configuration cycles are
// routed, or nil.
func (b *Bus) Find(number uint8) *Bus {
	if b.Number() == number {
		return b
	}
	if b.parent != nil && !b.parent.decodesBus(number) {
		return nil
	}
	for next := b; next != nil; {
		b, next = next, nil
		for _, sec := range b.children {
			if sec.Number() == number {
				return sec
			}
			if sec.decodes(number) {
				next = sec
				break
			}
		}
	}
	return nil
}

// decodes reports whether configuration cycles for a bus number are passed on to
// b: by its bridge, or because a bridge on an expander's bus takes them.
func (b *Bus) decodes(number uint8) bool {
	if b.parent != nil {
		return b.parent.decodesBus(number)
	}
	return slices.ContainsFunc(b.children, func(c *Bus) bool { return c.decodes(number) })
}

// Walk visits b and the buses below it, each before its children, the newest
// child first, as QEMU's depth-first walks do.
func (b *Bus) Walk(visit func(*Bus)) {
	visit(b)
	for _, c := range slices.Clone(b.children) {
		c.Walk(visit)
	}
}

func (b *Bus) adopt(c *Bus) { b.children = slices.Insert(b.children, 0, c) }

func (b *Bus) disown(c *Bus) {
	b.children = slices.DeleteFunc(b.children, func(x *Bus) bool { return x == c })
}

// Reset forgets the interrupts that are asserted.
func (b *Bus) Reset() { b.pins = [4]int{} }

var _ qom.Instance = (*Bus)(nil)
