package acpi

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Offsets of the registers of PCI hot-plug, 32 bits each.
const (
	regUp        = 0x00 // slots that got a device
	regDown      = 0x04 // slots whose device is to go
	regEject     = 0x08 // write: eject the lowest slot set
	regRemovable = 0x0c // slots the guest may eject
	regSelect    = 0x10 // which bus the others are about
	regIndex     = 0x14 // write a slot, read its device's acpi-index
	pciHPSize    = 0x18
)

// maxBuses is how many bus selectors there are.
const maxBuses = 256

// SelectorProperty is the name of the property that a bus with a selector has.
const SelectorProperty = "acpi-pcihp-bsel"

// PCIHotplug is the ACPI PCI hot-plug hardware. The device that embeds it is
// the hot-plug handler of the root bus, and, with Bridges, of every bus behind
// a bridge that was there when the machine was made.
type PCIHotplug struct {
	dev     *qdev.Device
	root    *pci.Bus
	gpe     *GPE
	region  memory.Region
	bridges bool // handles buses behind bridges
	onRoot  bool // handles the root bus
	fixed   bool // only one selector, of times before bridges were handled

	selector uint32
	buses    []*hotplugBus // by selector
	index    uint32        // answer of the index register
	assigned bool
}

type hotplugBus struct {
	bus             *pci.Bus
	up, down, eject uint32
}

// PCIHotplugOptions say which buses are handled.
type PCIHotplugOptions struct {
	Bridges bool // acpi-pci-hotplug-with-bridge-support
	Root    bool // the root bus
	Base    uint16
}

// Init makes the registers, a region of dev in io, and makes handler, which
// embeds h, the handler of the root bus.
func (h *PCIHotplug) Init(handler qdev.HotplugHandler, dev *qdev.Device, root *pci.Bus, gpe *GPE, io *memory.Region, o PCIHotplugOptions) {
	h.dev, h.root, h.gpe = dev, root, gpe
	h.bridges, h.onRoot, h.fixed = o.Bridges, o.Root, !o.Bridges
	h.region.InitIO(dev.Env().Memory, &dev.Object, memory.Funcs{OnRead: h.read, OnWrite: h.write}, "acpi-pci-hotplug", pciHPSize)
	h.region.SetRules(&pciHPRules)
	io.AddSubregion(uint64(o.Base), &h.region)
	root.SetHandler(handler)
}

var pciHPRules = memory.Rules{Valid: memory.Access{Min: 4, Max: 4}}

// Base returns the port of the registers, 0 when they were not made.
func (h *PCIHotplug) Base() uint16 { return uint16(h.region.Address()) }

// Buses returns how many selectors were given out.
func (h *PCIHotplug) Buses() int { return len(h.buses) }

// Bus returns the bus of a selector, nil when nobody has it.
func (h *PCIHotplug) Bus(selector int) *pci.Bus {
	if selector < 0 || selector >= len(h.buses) {
		return nil
	}
	return h.buses[selector].bus
}

// BusPath returns how a selector's bus is reached from the root bus, as the
// tables tell it: device and function number of each bridge on the way. It
// reports false for a bus behind an expander, of which the tables do not tell.
func (h *PCIHotplug) BusPath(selector int) ([]uint8, bool) {
	bus := h.Bus(selector)
	if bus == nil || bus.RootBus() != h.root {
		return nil, false
	}
	var path []uint8
	for ; bus.Bridge() != nil; bus = bus.Bridge().PCIBus() {
		path = slices.Insert(path, 0, bus.Bridge().Devfn())
	}
	return path, true
}

// HandlesBus implements [qdev.BusChooser].
func (h *PCIHotplug) HandlesBus(b *qdev.Bus) bool {
	bus := pci.BusFrom(b)
	if bus == nil {
		return false
	}
	if br := bus.Bridge(); br != nil && h.bridges {
		return hasHotplug(br)
	}
	return h.onRoot
}

// hasHotplug reports whether a bridge's slot takes devices while the machine
// runs; only PCI Express ports may say no.
func hasHotplug(br *pci.Bridge) bool {
	s, ok := br.Self().(interface{ HasHotplug() bool })
	return !ok || s.HasHotplug()
}

// selectorOf returns the state of a device's bus, nil when that has no
// selector.
func (h *PCIHotplug) selectorOf(d *pci.Device) *hotplugBus {
	bus := pci.BusFrom(d.Bus())
	for _, b := range h.buses {
		if b.bus == bus && bus != nil {
			return b
		}
	}
	return nil
}

func (h *PCIHotplug) selected() *hotplugBus {
	if h.selector < uint32(len(h.buses)) {
		return h.buses[h.selector]
	}
	return nil
}

// PrePlug implements [qdev.PrePlugger].
func (h *PCIHotplug) PrePlug(q *qdev.Device) error {
	d := pci.FromDevice(q)
	if d == nil {
		return nil
	}
	if q.Hotplugged() && h.selectorOf(d) == nil {
		return fmt.Errorf("Unsupported bus. Bus doesn't have property '%s' set", SelectorProperty)
	}
	return nil
}

// Plug implements [qdev.Plugger]: a hot-plugged device raises its slot's up
// bit; a bridge of the machine gets its bus handled here too.
func (h *PCIHotplug) Plug(q *qdev.Device) error {
	d := pci.FromDevice(q)
	if d == nil {
		return fmt.Errorf("acpi: device plug request for unsupported device type: %s", q.TypeName())
	}
	if !q.Hotplugged() {
		if br := pci.BridgeFrom(d); br != nil && h.bridges {
			if hasHotplug(br) {
				br.Secondary().SetHandler(h.root.Handler())
			} else {
				br.Secondary().SetHandler(nil)
			}
		}
		return nil
	}
	if b := h.selectorOf(d); b != nil {
		b.up |= 1 << d.Slot()
		h.gpe.Send(GPEPCIHotplug)
	}
	return nil
}

// UnplugRequest implements [qdev.UnplugRequester].
func (h *PCIHotplug) UnplugRequest(q *qdev.Device) error {
	d := pci.FromDevice(q)
	if d == nil {
		return fmt.Errorf("acpi: device unplug request for not supported device type: %s", q.TypeName())
	}
	b := h.selectorOf(d)
	if b == nil {
		return fmt.Errorf("Unsupported bus. Bus doesn't have property '%s' set", SelectorProperty)
	}
	// The request may be repeated at once: a guest that is booting may have
	// cleared the event without looking.
	q.SetUnplugPending(0)
	b.down |= 1 << d.Slot()
	h.gpe.Send(GPEPCIHotplug)
	return nil
}

// Unplug implements [qdev.Unplugger].
func (h *PCIHotplug) Unplug(q *qdev.Device) error {
	q.Unrealize()
	return nil
}

// keeps reports whether a device stays when its slot is ejected.
func (h *PCIHotplug) keeps(d *pci.Device) bool {
	return !qdev.ClassOf(d.Class()).Hotpluggable ||
		h.bridges && pci.BridgeFrom(d) != nil && !d.Hotplugged()
}

// ejectSlot removes every function of the lowest slot that is set.
func (h *PCIHotplug) ejectSlot(b *hotplugBus, slots uint32) {
	if b == nil || slots == 0 {
		return
	}
	slot := bits.TrailingZeros32(slots)
	b.down &^= 1 << slot
	b.up &^= 1 << slot
	// Newest first, as devices stand on the bus. One may take others along.
	for _, q := range b.bus.Devices() {
		d := pci.FromDevice(q)
		if d == nil || q.Bus() != &b.bus.Bus || d.Slot() != slot || h.keeps(d) {
			continue
		}
		if handler := q.HotplugHandler(); handler != nil {
			if err := qdev.Remove(handler, q); err != nil {
				q.Env().Log.Warn("slot not ejected", "device", q.Label(), "error", err)
			}
		}
	}
}

// ResetHotplug ejects what the guest was asked to let go, and finds out anew which
// slots may be ejected. The first reset gives out the selectors.
func (h *PCIHotplug) ResetHotplug() {
	if h.root == nil {
		return
	}
	if !h.assigned {
		h.assigned = true
		h.root.Walk(h.assign)
		if !h.onRoot && h.dev.Env().Ways.NoRootHandler {
			h.root.SetHandler(nil)
		}
	}
	for _, b := range h.buses {
		for b.down != 0 {
			h.ejectSlot(b, b.down)
		}
		b.eject = ^uint32(0)
		for _, q := range b.bus.Devices() {
			if d := pci.FromDevice(q); d != nil && h.keeps(d) {
				b.eject &^= 1 << d.Slot()
			}
		}
	}
}

// assign gives a bus the next selector, when it takes hot-plugged devices and
// belongs to the machine.
func (h *PCIHotplug) assign(bus *pci.Bus) {
	br := bus.Bridge()
	if !bus.Hotpluggable() || br != nil && (br.Hotplugged() || !h.bridges) || len(h.buses) == maxBuses {
		return
	}
	n := uint64(len(h.buses))
	h.buses = append(h.buses, &hotplugBus{bus: bus})
	err := bus.AddProperty(&qom.Property{Name: SelectorProperty, Type: "uint32",
		Get: func(*qom.Object) (any, error) { return n, nil }})
	if err != nil {
		bus.Device().Env().Log.Warn("bus selector not shown", "bus", bus.BusName(), "error", err)
	}
}

func (h *PCIHotplug) read(addr uint64, _ int) uint64 {
	b := h.selected()
	if addr == regSelect {
		return uint64(h.selector)
	}
	if addr == regIndex {
		v := h.index
		h.index = 0
		return uint64(v)
	}
	if b == nil && addr == regRemovable {
		return 0xffffffff
	}
	if b == nil {
		return 0
	}
	switch addr {
	case regUp:
		v := b.up
		if h.bridges {
			b.up = 0
		}
		return uint64(v)
	case regDown:
		return uint64(b.down)
	case regRemovable:
		return uint64(b.eject)
	}
	return 0
}

func (h *PCIHotplug) write(addr uint64, _ int, val uint64) {
	switch addr {
	case regEject:
		h.ejectSlot(h.selected(), uint32(val))
	case regSelect:
		h.selector = uint32(val)
		if h.fixed {
			h.selector = 0
		}
	case regIndex:
		h.index = 0
		if b := h.selected(); b != nil && val != 0 {
			if d := b.bus.At(uint8(bits.TrailingZeros32(uint32(val)) << 3)); d != nil {
				h.index = d.ACPIIndex()
			}
		}
	}
}
