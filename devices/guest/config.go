package guest

// Configuration space, PCI Local Bus 3.0.
const (
	cfgCommand = 0x04
	cfgHeader  = 0x0e // header type; bit 7: several functions
	cfgBAR     = 0x10
	cfgBuses   = 0x18 // primary, secondary and subordinate bus of a bridge
	cfgIO      = 0x1c // base and limit of a bridge's port window, 4 KiB each
	cfgMemory  = 0x20 // base and limit of its memory window, 1 MiB each
	cfgCapList = 0x34
	capExpress = 0x10

	commandOn = 0x07 // ports, memory, bus master
)

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

// present reports whether a function answers.
func (l *Linux) present(bus, devfn uint8) bool { return l.readConfig(bus, devfn, 0, 4) != 0xffffffff }

// capability finds a capability, 0 when there is none.
func (l *Linux) capability(bus, devfn, kind uint8) uint8 {
	at := uint8(l.readConfig(bus, devfn, cfgCapList, 1)) &^ 3
	for range 48 { // a list cannot be longer than the space has room for
		if at == 0 {
			return 0
		}
		entry := l.readConfig(bus, devfn, at, 2)
		if uint8(entry) == kind {
			return at
		}
		at = uint8(entry>>8) &^ 3
	}
	return 0
}
