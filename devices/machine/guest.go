package machine

import (
	"time"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// interrupt is told by devices that an interrupt was raised.
func (m *Machine) interrupt() { m.tellGuest(guest.Interrupt) }

// tellGuest queues an event for the guest; it reacts while the machine settles.
func (m *Machine) tellGuest(e guest.Event) {
	if m.guest == nil {
		return
	}
	for _, p := range m.guestPending {
		if p == e {
			return
		}
	}
	m.guestPending = append(m.guestPending, e)
}

// runGuest lets the guest react to one event. While the machine is stopped it
// does not run, and finds them when it goes on.
func (m *Machine) runGuest() bool {
	if m.guest == nil || m.state != Running || len(m.guestPending) == 0 {
		return false
	}
	e := m.guestPending[0]
	m.guestPending = m.guestPending[1:]
	m.firmware()
	m.guest.Handle(e)
	return true
}

// Guest returns who plays the operating system, nil for nobody.
func (m *Machine) Guest() guest.Guest { return m.guest }

// hardware is what the guest can touch.
type hardware struct{ m *Machine }

func (h hardware) In(port uint16, size int) uint32 {
	v, _ := h.m.ioSpace.ReadN(uint64(port), size)
	return uint32(v)
}

func (h hardware) Out(port uint16, size int, value uint32) {
	h.m.ioSpace.WriteN(uint64(port), size, uint64(value))
}

func (h hardware) Read(addr uint64, size int) uint64 {
	v, _ := h.m.memorySpace.ReadN(addr, size)
	return v
}

func (h hardware) Write(addr uint64, size int, value uint64) {
	h.m.memorySpace.WriteN(addr, size, value)
}

func (h hardware) Tables() guest.Tables { return h.m.tables() }

func (h hardware) AfterFunc(d time.Duration, f func()) func() {
	t := h.m.clock.AfterFunc(d, f)
	return func() { t.Stop() }
}

func (h hardware) Now() int64 { return h.m.clock.Now() }

// Label implements [guest.Hardware].
func (h hardware) Label(p guest.Place) string {
	if d := h.m.deviceAt(p); d != nil {
		return d.ID()
	}
	return ""
}

// deviceAt returns what is at a place that the guest sees, nil when nothing is.
func (m *Machine) deviceAt(p guest.Place) *qdev.Device {
	if m.board == nil {
		return nil
	}
	var bus *pci.Bus
	devfn := uint8(0)
	switch p.Kind {
	case guest.ACPISlot:
		bus, devfn = m.board.Hotplug.Bus(int(p.Bus)), uint8(p.Slot<<3)
	case guest.PortSlot:
		if port := m.board.Root.Find(uint8(p.Bus)); port != nil {
			if d := port.At(uint8(p.Slot)); d != nil && pci.BridgeFrom(d) != nil {
				bus = pci.BridgeFrom(d).Secondary()
			}
		}
	case guest.BridgeSlot:
		bus, devfn = m.board.Root.Find(uint8(p.Bus)), uint8(p.Slot<<3)
	case guest.DIMMSlot:
		if d := m.window.At(int(p.Slot)); d != nil {
			return &d.Device
		}
	case guest.Processor:
		if int(p.Slot) < len(m.slots) {
			return qdev.From(m.slots[p.Slot].CPU)
		}
	}
	if bus == nil {
		return nil
	}
	if d := bus.At(devfn); d != nil {
		return &d.Device
	}
	return nil
}

// InjectNMI interrupts the guest where nothing else can.
func (m *Machine) InjectNMI() { m.tellGuest(guest.NMI) }
