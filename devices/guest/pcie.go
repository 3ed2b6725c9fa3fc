package guest

// Slot registers, PCI Express Base 7.5.3; offsets are from the start of the
// Express capability.
const (
	capSlot     = 1 << 8 // of the capabilities register: a slot is implemented
	slotCapOff  = 0x14
	slotCtlOff  = 0x18
	slotStaOff  = 0x1a
	hotplugCap  = 1 << 6 // of slot capabilities
	attention   = 1 << 0 // of slot status: attention button pressed
	presenceChg = 1 << 3
	present     = 1 << 6

	powerOffBit    = 1 << 10 // of slot control: power controller off
	indicatorMask  = 3 << 8  // of slot control: power indicator
	indicatorOn    = 1 << 8
	indicatorBlink = 2 << 8
	indicatorOff   = 3 << 8
	slotInterrupts = 1<<0 | 1<<3 | 1<<5 // button, presence, hot-plug enable
)

// slot is a hot-plug slot of a PCI Express port.
type slot struct {
	l          *Linux
	bus, devfn uint8
	secondary  uint8 // number of the bus in the slot
	cap        uint8 // offset of the Express capability
}

func (s *slot) place() Place   { return Place{PortSlot, uint32(s.bus), uint32(s.devfn)} }
func (s *slot) occupied() bool { return s.status()&present != 0 }
func (s *slot) begin()         { s.control(indicatorMask, indicatorBlink) }
func (s *slot) decline()       { s.control(indicatorMask, indicatorOn) }

func (s *slot) device() (bus, dev uint8, ok bool) { return s.secondary, 0, true }

func (s *slot) eject() {
	s.l.retire(s.secondary, 0)
	if s.readControl()&indicatorMask == indicatorOff {
		s.control(indicatorMask, indicatorOn) // it leaves on the transition to "off"
	}
	s.control(powerOffBit|indicatorMask, powerOffBit|indicatorOff)
}

func (s *slot) power() {
	s.control(powerOffBit|indicatorMask, indicatorOn)
	s.l.enable(s.secondary, 0)
}

func (s *slot) status() uint32 {
	v := s.l.readConfig(s.bus, s.devfn, s.cap+slotStaOff, 2)
	if v == 0xffff {
		return 0 // the port itself is gone
	}
	return v
}

func (s *slot) readControl() uint32 { return s.l.readConfig(s.bus, s.devfn, s.cap+slotCtlOff, 2) }

// control changes bits of the slot's control register.
func (s *slot) control(clear, set uint32) {
	s.l.writeConfig(s.bus, s.devfn, s.cap+slotCtlOff, 2, s.readControl()&^clear|set)
}

// findSlot remembers the hot-plug slot of a bridge that has one, and no ACPI for
// it.
func (l *Linux) findSlot(bus, devfn, secondary uint8) {
	cap := l.capability(bus, devfn, capExpress)
	if cap == 0 || l.readConfig(bus, devfn, cap+2, 2)&capSlot == 0 {
		return
	}
	if l.readConfig(bus, devfn, cap+slotCapOff, 4)&hotplugCap == 0 || l.byACPI(secondary) {
		return
	}
	s := &slot{l, bus, devfn, secondary, cap}
	l.slots = append(l.slots, s)
	s.control(0, slotInterrupts)
	if s.occupied() {
		s.control(powerOffBit|indicatorMask, indicatorOn)
	}
}

// pcieHotplug serves the slots: a pressed button asks for the device, a new
// device gets power.
func (l *Linux) pcieHotplug() {
	for _, s := range l.slots {
		sta := s.status()
		pressed := sta & attention
		if sta&(attention|presenceChg) == 0 {
			continue
		}
		off := s.readControl()&powerOffBit != 0
		// A slot without a power controller cannot be off: what it got is new
		// when its presence changed.
		arrival := sta&present != 0 && (off || sta&presenceChg != 0)
		switch {
		case arrival:
			s.acknowledge(sta)
			l.came(s, pressed != 0)
		case sta&present == 0:
			s.acknowledge(sta)
			l.retire(s.secondary, 0)
			if e := l.errand(s.place()); e != nil {
				l.forget(e)
			}
		case l.asked(s):
			s.acknowledge(sta)
		}
	}
}

// acknowledge clears the events that were seen.
func (s *slot) acknowledge(sta uint32) {
	s.l.writeConfig(s.bus, s.devfn, s.cap+slotStaOff, 2, sta&(attention|presenceChg))
}
