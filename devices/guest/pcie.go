package guest

// Configuration space, PCI Local Bus 3.0 and PCI Express Base 7.5.3; offsets of
// the capability are from its start.
const (
	cfgHeader   = 0x0e // header type; bit 7: several functions
	cfgBuses    = 0x18 // primary, secondary and subordinate bus of a bridge
	cfgCapList  = 0x34
	capExpress  = 0x10
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
	bus   uint8
	devfn uint8
	cap   uint8 // offset of the Express capability
}

// config builds the address of a configuration register for port 0xcf8.
func (l *Linux) config(bus, devfn, reg uint8) uint16 {
	l.hw.Out(0xcf8, 4, 1<<31|uint32(bus)<<16|uint32(devfn)<<8|uint32(reg)&^3)
	return 0xcfc + uint16(reg&3)
}

func (l *Linux) readConfig(bus, devfn, reg uint8, size int) uint32 {
	return l.hw.In(l.config(bus, devfn, reg), size)
}

func (l *Linux) writeConfig(bus, devfn, reg uint8, size int, v uint32) {
	l.hw.Out(l.config(bus, devfn, reg), size, v)
}

// scan numbers the buses below a bus, depth first, and remembers the hot-plug
// slots. It returns the highest bus number in use.
func (l *Linux) scan(bus, last uint8) uint8 {
	for dev := range uint8(32) {
		for fn := range uint8(8) {
			devfn := dev<<3 | fn
			if l.readConfig(bus, devfn, 0, 4) == 0xffffffff {
				if fn == 0 {
					break
				}
				continue
			}
			header := l.readConfig(bus, devfn, cfgHeader, 1)
			if header&0x7f == 1 && last < 0xff {
				last = l.scanBridge(bus, devfn, last)
			}
			if fn == 0 && header&0x80 == 0 {
				break
			}
		}
	}
	return last
}

func (l *Linux) scanBridge(bus, devfn, last uint8) uint8 {
	secondary := last + 1
	l.writeConfig(bus, devfn, cfgBuses, 4, 0xff<<16|uint32(secondary)<<8|uint32(bus))
	last = l.scan(secondary, secondary)
	l.writeConfig(bus, devfn, cfgBuses+2, 1, uint32(last))

	cap := l.express(bus, devfn)
	if cap == 0 || l.readConfig(bus, devfn, cap+2, 2)&capSlot == 0 {
		return last
	}
	if l.readConfig(bus, devfn, cap+slotCapOff, 4)&hotplugCap == 0 {
		return last
	}
	s := slot{bus, devfn, cap}
	l.slots = append(l.slots, s)
	l.control(s, 0, slotInterrupts)
	if l.status(s)&present != 0 {
		l.control(s, powerOffBit|indicatorMask, indicatorOn)
	}
	return last
}

// express finds the PCI Express capability, 0 when there is none.
func (l *Linux) express(bus, devfn uint8) uint8 {
	at := uint8(l.readConfig(bus, devfn, cfgCapList, 1)) &^ 3
	for range 48 { // a list cannot be longer than the space has room for
		if at == 0 {
			return 0
		}
		entry := l.readConfig(bus, devfn, at, 2)
		if uint8(entry) == capExpress {
			return at
		}
		at = uint8(entry>>8) &^ 3
	}
	return 0
}

func (l *Linux) status(s slot) uint32 { return l.readConfig(s.bus, s.devfn, s.cap+slotStaOff, 2) }

// control changes bits of a slot's control register.
func (l *Linux) control(s slot, clear, set uint32) {
	v := l.readConfig(s.bus, s.devfn, s.cap+slotCtlOff, 2)
	l.writeConfig(s.bus, s.devfn, s.cap+slotCtlOff, 2, v&^clear|set)
}

// pcieHotplug serves the slots: a pressed button lets the device go, a new
// device gets power.
func (l *Linux) pcieHotplug() {
	for _, s := range l.slots {
		sta := l.status(s)
		if sta == 0xffff || sta&(attention|presenceChg) == 0 {
			continue
		}
		l.writeConfig(s.bus, s.devfn, s.cap+slotStaOff, 2, sta&(attention|presenceChg))
		ctl := l.readConfig(s.bus, s.devfn, s.cap+slotCtlOff, 2)
		switch {
		case sta&attention != 0 && sta&present != 0 && ctl&powerOffBit == 0:
			l.control(s, indicatorMask, indicatorBlink)
			l.control(s, powerOffBit|indicatorMask, powerOffBit|indicatorOff)
		case sta&present != 0 && ctl&powerOffBit != 0:
			l.control(s, powerOffBit|indicatorMask, indicatorOn)
		}
	}
}
