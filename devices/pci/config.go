package pci

import "encoding/binary"

// configSize is the size of the conventional configuration space; PCI Express
// functions have expressConfigSize bytes.
const (
	configSize        = 256
	expressConfigSize = 4096
)

// configSpace is the configuration space of one function: its bytes, which of
// their bits a guest can write, and which are cleared by writing 1.
type configSpace struct {
	bytes, write, clear [configSize]byte
	extended            extendedSpace
}

// A ConfigReader answers configuration reads in place of [Device.ReadConfig].
type ConfigReader interface {
	ConfigRead(addr, size int) uint32
}

// A ConfigWriter takes configuration writes in place of [Device.WriteConfig],
// which it calls itself to have the ordinary effect.
type ConfigWriter interface {
	ConfigWrite(addr, size int, val uint32)
}

// ReadConfig is the ordinary answer to a configuration read of size bytes.
func (d *Device) ReadConfig(addr, size int) uint32 {
	var buf [4]byte
	for i := 0; i < size; i++ {
		switch at := addr + i; {
		case at < configSize:
			buf[i] = d.space.bytes[at]
		case at-configSize < len(d.space.extended.bytes):
			buf[i] = d.space.extended.bytes[at-configSize]
		}
	}
	return binary.LittleEndian.Uint32(buf[:])
}

// WriteConfig is the ordinary effect of a configuration write: writable bits
// change, BARs move, interrupts are masked and let through.
func (d *Device) WriteConfig(addr, size int, val uint32) {
	s := &d.space
	for i := 0; i < size; i++ {
		at, v := addr+i, byte(val>>(8*i))
		if at >= configSize {
			s.extended.guestWrites(at-configSize, v)
			continue
		}
		s.bytes[at] = s.bytes[at]&^s.write[at] | v&s.write[at]
		s.bytes[at] &^= v & s.clear[at]
	}
	if overlaps(addr, size, regBAR0, 24) || overlaps(addr, size, regROM, 4) ||
		overlaps(addr, size, regROMBridge, 4) || overlaps(addr, size, regCommand, 1) {
		d.updateBARs()
	}
	if overlaps(addr, size, regCommand, 2) {
		d.applyCommand()
	}
	d.writeMSI(addr, size)
	d.writeMSIX(addr, size)
	d.writeAER(addr, size)
}

func overlaps(addr, size, start, n int) bool { return addr < start+n && start < addr+size }

func (d *Device) configRead(addr, size int) uint32 {
	if typ, ok := d.ExpressType(); ok && (typ == ExpressRootPort || typ == ExpressDownstream) && overlaps(addr, size, int(d.exp)+expLnkSta, 2) {
		d.negotiateLink()
	}
	if m, ok := d.Self().(ConfigReader); ok {
		return m.ConfigRead(addr, size)
	}
	return d.ReadConfig(addr, size)
}

func (d *Device) configWrite(addr, size int, val uint32) {
	if m, ok := d.Self().(ConfigWriter); ok {
		m.ConfigWrite(addr, size, val)
		return
	}
	d.WriteConfig(addr, size, val)
}

// applyCommand brings what the command register governs up to date.
func (d *Device) applyCommand() {
	command := d.ConfigWord(regCommand)
	d.bmAlias.SetEnabled(command&commandMaster != 0 && d.powered)
	d.updateIRQ()
}

// initConfig fills the configuration space as it is before the model runs.
func (d *Device) initConfig() {
	d.space, d.capSizes = configSpace{}, [configSize / 4]uint8{}
	d.exp, d.pm, d.aer = 0, 0, 0
	s, id := &d.space, d.identity()
	_, own := d.Class().Value(classKey{}).(Class)
	d.SetConfigWord(regVendor, id.Vendor)
	d.SetConfigWord(regDevice, id.Device)
	d.SetConfigWord(regClass, id.Class)
	s.bytes[regProgIf], s.bytes[regRevision] = id.ProgIf, id.Revision
	s.bytes[regIRQPin] = id.IRQPin

	d.SetWritable(regCacheLine, 1, 0xff)
	d.SetWritable(regIRQLine, 1, 0xff)
	d.SetWritable(regCommand, 2, commandIO|commandMemory|commandMaster|commandINTxDisable|commandSERR)
	d.SetClearable(regStatus, 2, statusErrors)
	for i := headerSize; i < configSize; i++ {
		s.write[i] = 0xff // until a capability takes the place
	}
	if m, ok := d.Self().(interface{ bridge() *Bridge }); ok {
		m.bridge().initHeader()
		return
	}
	if own && id.Subvendor == 0 && id.Subsystem == 0 || id == (Class{}) {
		id.Subvendor, id.Subsystem = 0x1af4, 0x1100
	}
	d.SetConfigWord(regSubvendor, id.Subvendor)
	d.SetConfigWord(regSubsystem, id.Subsystem)
}

// resetConfig is what a reset does to the configuration space of every
// function; the model was reset before.
func (d *Device) resetConfig() {
	d.irq.asserted = false
	d.space.bytes[regStatus] &^= statusInterrupt
	for _, at := range [...]int{regCommand, regStatus} {
		v := d.ConfigWord(at)
		v &^= uint16(d.mask(&d.space.write, at, 2)) | uint16(d.mask(&d.space.clear, at, 2))
		d.SetConfigWord(at, v)
	}
	d.space.bytes[regCacheLine] = 0
	d.space.bytes[regIRQLine] &^= d.space.write[regIRQLine]
	for i := range d.bars {
		if b := &d.bars[i]; b.region != nil {
			d.resetBAR(i)
		}
	}
	d.updateBARs()
	d.resetMSI()
	d.resetMSIX()
	d.applyCommand()
}

func (d *Device) mask(m *[configSize]byte, at, size int) uint32 {
	var v uint32
	for i := 0; i < size; i++ {
		v |= uint32(m[at+i]) << (8 * i)
	}
	return v
}

// Config returns a byte of the configuration space.
func (d *Device) Config(at int) uint8 { return d.space.bytes[at] }

// ConfigWord returns 16 bits of it.
func (d *Device) ConfigWord(at int) uint16 { return binary.LittleEndian.Uint16(d.space.bytes[at:]) }

// ConfigLong returns 32 bits of it.
func (d *Device) ConfigLong(at int) uint32 { return binary.LittleEndian.Uint32(d.space.bytes[at:]) }

// SetConfig sets a byte of the configuration space, for models: no mask
// applies, and nothing else happens.
func (d *Device) SetConfig(at int, v uint8) { d.space.bytes[at] = v }

// SetConfigWord sets 16 bits likewise.
func (d *Device) SetConfigWord(at int, v uint16) {
	binary.LittleEndian.PutUint16(d.space.bytes[at:], v)
}

// SetConfigLong sets 32 bits likewise.
func (d *Device) SetConfigLong(at int, v uint32) {
	binary.LittleEndian.PutUint32(d.space.bytes[at:], v)
}

// SetWritable says which bits of size bytes at an offset a guest can write.
func (d *Device) SetWritable(at, size int, mask uint32) {
	for i := 0; i < size; i++ {
		d.space.write[at+i] = byte(mask >> (8 * i))
	}
}

// SetClearable says which bits of size bytes at an offset a guest clears by
// writing 1.
func (d *Device) SetClearable(at, size int, mask uint32) {
	for i := 0; i < size; i++ {
		d.space.clear[at+i] = byte(mask >> (8 * i))
	}
}

// changeWord clears and then sets bits of 16.
func (d *Device) changeWord(at int, clear, set uint16) {
	d.SetConfigWord(at, d.ConfigWord(at)&^clear|set)
}
