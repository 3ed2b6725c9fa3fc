package guest

// The room for BARs and bridges' windows: what PCs leave below the I/O APIC,
// and the ports above those that boards use themselves.
const (
	memoryFrom, memoryTo = 0xe0000000, 0xfe000000
	portsFrom, portsTo   = 0xc000, 0x10000
	// aboveTo is where the addresses end that every processor has.
	aboveTo = 1 << 39

	// A hot-plug bridge gets room for what may come.
	spareMemory = 2 << 20
	sparePorts  = 4 << 10
)

// bus is a PCI bus with what can be given out on it.
type bus struct {
	memory, ports room
	above         room // from 4 GiB on, for 64-bit BARs that find no room below
}

// scanRoot numbers all buses and gives everything its addresses.
func (l *Linux) scanRoot() {
	root := &bus{memory: room{from: memoryFrom, to: memoryTo}, ports: room{from: portsFrom, to: portsTo},
		above: room{from: max(l.hw.Tables().Above, 1<<32), to: aboveTo}}
	l.buses[0] = root
	last := l.scan(0, 0)
	roots := l.hw.Tables().Roots
	if roots == nil {
		return
	}
	for _, number := range roots() {
		if number <= last {
			continue // the firmware gave the number to a bridge: nothing reaches the bus
		}
		b := &bus{memory: root.memory.rest(1 << 20), ports: root.ports.rest(4 << 10)}
		l.buses[number] = b
		last = l.scan(number, number)
		root.memory.claim(&b.memory, owner(number, 0), 1<<20, 0)
		root.ports.claim(&b.ports, owner(number, 0), 4<<10, 0)
	}
}

// scan enables what is on a bus and numbers the buses below it, depth first. It
// returns the highest bus number in use.
func (l *Linux) scan(number, last uint8) uint8 {
	for dev := range uint8(32) {
		for fn := range uint8(8) {
			devfn := dev<<3 | fn
			if !l.present(number, devfn) {
				if fn == 0 {
					break
				}
				continue
			}
			header := l.readConfig(number, devfn, cfgHeader, 1)
			switch header & 0x7f {
			case 0:
				l.enableFunction(number, devfn, 6)
			case 1:
				if last < 0xff {
					last = l.scanBridge(number, devfn, last)
				}
			}
			if fn == 0 && header&0x80 == 0 {
				break
			}
		}
	}
	return last
}

// scanBridge numbers the buses behind a bridge and opens its windows: wide
// enough for what is there, and for a device or two that may come.
func (l *Linux) scanBridge(number, devfn, last uint8) uint8 {
	up := l.buses[number]
	secondary := last + 1
	l.writeConfig(number, devfn, cfgBuses, 4, 0xff<<16|uint32(secondary)<<8|uint32(number))
	down := &bus{memory: up.memory.rest(1 << 20), ports: up.ports.rest(4 << 10)}
	l.buses[secondary] = down
	last = l.scan(secondary, secondary)
	l.writeConfig(number, devfn, cfgBuses+2, 1, uint32(last))

	if m, ok := up.memory.claim(&down.memory, owner(number, devfn), 1<<20, spareMemory); ok {
		l.writeConfig(number, devfn, cfgMemory, 4, uint32((m.to-1)&0xfff00000|m.from>>16&0xfff0))
	}
	if p, ok := up.ports.claim(&down.ports, owner(number, devfn), 4<<10, sparePorts); ok {
		l.writeConfig(number, devfn, cfgIO, 2, uint32((p.to-1)&0xf000|p.from>>8&0xf0))
	}
	l.enableFunction(number, devfn, 2)
	l.findSlot(number, devfn, secondary)
	l.findController(number, devfn, secondary)
	return last
}

// enable gives a device that came to a slot its addresses, switches it on and
// starts its drivers.
func (l *Linux) enable(number, dev uint8) {
	l.dropDrivers(number, dev) // of what was there before, if it left unnoticed
	defer l.startDrivers()
	for fn := range uint8(8) {
		devfn := dev<<3 | fn
		if !l.present(number, devfn) {
			if fn == 0 {
				return
			}
			continue
		}
		header := l.readConfig(number, devfn, cfgHeader, 1)
		if header&0x7f == 0 {
			l.enableFunction(number, devfn, 6)
		}
		if fn == 0 && header&0x80 == 0 {
			return
		}
	}
}

// retire switches a device off that is about to leave, and takes back its
// addresses.
func (l *Linux) retire(number, dev uint8) {
	l.dropDrivers(number, dev)
	b := l.buses[number]
	for fn := range uint8(8) {
		devfn := dev<<3 | fn
		if b != nil {
			b.memory.free(owner(number, devfn))
			b.ports.free(owner(number, devfn))
			b.above.free(owner(number, devfn))
		}
	}
}

// enableFunction places the BARs of a function and lets it decode them. What
// finds no room stays off, as with real firmware.
func (l *Linux) enableFunction(number, devfn uint8, bars int) {
	b := l.buses[number]
	if b == nil {
		return
	}
	for i := 0; i < bars; i++ {
		if l.placeBAR(b, place{number, devfn}, cfgBAR+uint8(4*i)) {
			i++
		}
	}
	command := l.readConfig(number, devfn, cfgCommand, 2)
	l.writeConfig(number, devfn, cfgCommand, 2, command|commandOn)
	if bars == 6 {
		l.enabled = append(l.enabled, place{number, devfn})
	}
}

// placeBAR gives a BAR its addresses, if it has one. It reports whether the
// next register is its upper half.
func (l *Linux) placeBAR(b *bus, f place, reg uint8) (wide bool) {
	probe := func(reg uint8) uint32 {
		old := l.readConfig(f.bus, f.devfn, reg, 4)
		l.writeConfig(f.bus, f.devfn, reg, 4, 0xffffffff)
		mask := l.readConfig(f.bus, f.devfn, reg, 4)
		l.writeConfig(f.bus, f.devfn, reg, 4, old)
		return mask
	}
	who, mask := owner(f.bus, f.devfn), probe(reg)
	switch {
	case mask == 0 || mask == 0xffffffff:
		return false
	case mask&1 != 0:
		if at, ok := b.ports.take(uint64(^(mask&^3)&0xffff)+1, who); ok {
			l.writeConfig(f.bus, f.devfn, reg, 4, uint32(at))
		}
		return false
	}
	wide = mask&7 == 4
	size := uint64(^(mask &^ 15)) + 1
	if wide {
		size = ^(uint64(probe(reg+4))<<32 | uint64(mask&^15)) + 1
	}
	at, ok := b.memory.take(size, who)
	if !ok && wide {
		at, ok = b.above.take(size, who)
	}
	if !ok {
		return wide
	}
	l.writeConfig(f.bus, f.devfn, reg, 4, uint32(at))
	if wide {
		l.writeConfig(f.bus, f.devfn, reg+4, 4, uint32(at>>32))
	}
	return wide
}
