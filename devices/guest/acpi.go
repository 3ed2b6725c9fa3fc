package guest

// Registers of ACPI PCI hot-plug, from its base port; QEMU's
// docs/specs/acpi_pci_hotplug describes them.
const (
	pciUp     = 0x00 // slots with a new device, a bit each; reading clears
	pciDown   = 0x04 // slots with a device that is asked to go
	pciEject  = 0x08 // written: slots to eject
	pciSelect = 0x10 // bus the others are about

	gpePCIHotplug = 1 << 1 // its bit among the general-purpose events
)

// ACPI fixed hardware, ACPI specification 4.8.3.
const (
	pm1SleepType5  = 0 << 10 // the S5 type of QEMU's tables
	pm1SleepEnable = 1 << 13
)

// acpiSlot is a slot of ACPI PCI hot-plug. The mechanism has no indicator, and
// no way to say no.
type acpiSlot struct {
	l        *Linux
	selector uint32
	number   uint32
}

func (s *acpiSlot) place() Place { return Place{ACPISlot, s.selector, s.number} }

// occupied looks for function 0; what has none does not show to a guest.
func (s *acpiSlot) occupied() bool {
	bus, ok := s.bus()
	return !ok || s.l.present(bus, uint8(s.number<<3))
}

// bus returns the number of the slot's bus, false while nothing leads there.
func (s *acpiSlot) bus() (uint8, bool) {
	t := s.l.hw.Tables()
	if t.BusPath == nil {
		return 0, false
	}
	path, ok := t.BusPath(int(s.selector))
	if !ok {
		return 0, false
	}
	bus := uint8(0)
	for _, devfn := range path {
		if bus = uint8(s.l.readConfig(bus, devfn, cfgBuses+1, 1)); bus == 0 || bus == 0xff {
			return 0, false
		}
	}
	return bus, true
}

// byACPI reports whether ACPI says what comes to a bus and leaves it: whoever
// has that leaves the slot's own registers alone, which firmware asks for (_OSC).
func (l *Linux) byACPI(bus uint8) bool {
	for n := range uint32(l.hw.Tables().Buses) {
		if served, ok := (&acpiSlot{l, n, 0}).bus(); ok && served == bus {
			return true
		}
	}
	return false
}

func (s *acpiSlot) device() (bus, dev uint8, ok bool) {
	bus, ok = s.bus()
	return bus, uint8(s.number), ok
}

func (s *acpiSlot) begin()   {}
func (s *acpiSlot) decline() {}

func (s *acpiSlot) eject() {
	t := s.l.hw.Tables()
	if bus, ok := s.bus(); ok {
		s.l.retire(bus, uint8(s.number))
	}
	s.l.hw.Out(t.PCIHotplug+pciSelect, 4, s.selector)
	s.l.hw.Out(t.PCIHotplug+pciEject, 4, 1<<s.number)
}

func (s *acpiSlot) power() {
	if bus, ok := s.bus(); ok {
		s.l.enable(bus, uint8(s.number))
	}
}

// acpiHotplug runs what the general-purpose event's method does: it looks at
// every bus, takes note of what came, and of what is to go. Without the event
// it does so only if it has to look again.
func (l *Linux) acpiHotplug(again bool) {
	t := l.hw.Tables()
	if t.GPEStatus == 0 || t.PCIHotplug == 0 {
		return
	}
	raised := l.hw.In(t.GPEStatus, 1)&gpePCIHotplug != 0
	if !raised && !again {
		return
	}
	if raised {
		l.hw.Out(t.GPEStatus, 1, gpePCIHotplug)
	}
	for bus := range uint32(t.Buses) {
		l.hw.Out(t.PCIHotplug+pciSelect, 4, bus)
		up := l.hw.In(t.PCIHotplug+pciUp, 4)
		down := l.hw.In(t.PCIHotplug+pciDown, 4)
		for n := uint32(0); up|down != 0; n, up, down = n+1, up>>1, down>>1 {
			if up&1 != 0 {
				l.came(&acpiSlot{l, bus, n}, false)
			}
			if down&1 != 0 {
				l.asked(&acpiSlot{l, bus, n})
			}
		}
	}
}

// powerOff enters S5.
func (l *Linux) powerOff() {
	if t := l.hw.Tables(); t.PM1Control != 0 {
		l.hw.Out(t.PM1Control, 2, pm1SleepType5|pm1SleepEnable)
	}
}
