package pci

import "encoding/binary"

// extendedSpace is the configuration space of a PCI Express function from 0x100
// on, as far as capabilities reach; what is behind reads as zeros. Its masks are
// those of [configSpace].
type extendedSpace struct{ bytes, write, clear []byte }

// grow makes the space reach up to an offset, counted from its start.
func (e *extendedSpace) grow(end int) {
	if need := end - len(e.bytes); need > 0 {
		e.bytes = append(e.bytes, make([]byte, need)...)
	}
}

// AddExtendedCapability appends a capability to the extended configuration
// space of a PCI Express function: content, without its 4-byte header, at an
// offset from 0x100 on. It is read-only until [Device.SetExtendedMasks] says
// otherwise.
func (d *Device) AddExtendedCapability(id uint16, version uint8, offset int, content []byte) {
	at := offset - configSize
	d.space.extended.grow(at + 4 + len(content))
	e := d.space.extended.bytes
	e[at], e[at+1], e[at+2] = byte(id), byte(id>>8), version
	copy(e[at+4:], content)
	if offset == configSize {
		return
	}
	// Link it behind the last one.
	last := 0
	for {
		next := int(e[last+3])<<4 | int(e[last+2])>>4
		if next == 0 || next-configSize >= len(e) {
			break
		}
		last = next - configSize
	}
	e[last+2] = e[last+2]&0x0f | byte(offset&0xf)<<4
	e[last+3] = byte(offset >> 4)
}

// SetExtendedMasks says which bits of the 32 at an offset in an extended
// capability a guest can write, and which it clears by writing 1.
func (d *Device) SetExtendedMasks(offset int, write, clear uint32) {
	e, at := &d.space.extended, offset-configSize
	if len(e.write) < len(e.bytes) {
		e.write = append(e.write, make([]byte, len(e.bytes)-len(e.write))...)
		e.clear = append(e.clear, make([]byte, len(e.bytes)-len(e.clear))...)
	}
	binary.LittleEndian.PutUint32(e.write[at:], write)
	binary.LittleEndian.PutUint32(e.clear[at:], clear)
}

// ExtendedLong returns 32 bits of an extended capability.
func (d *Device) ExtendedLong(offset int) uint32 {
	return binary.LittleEndian.Uint32(d.space.extended.bytes[offset-configSize:])
}

// SetExtendedLong sets 32 bits of an extended capability, for models: no mask
// applies.
func (d *Device) SetExtendedLong(offset int, v uint32) {
	binary.LittleEndian.PutUint32(d.space.extended.bytes[offset-configSize:], v)
}

// guestWrites is what a byte written by the guest does.
func (e *extendedSpace) guestWrites(at int, v byte) {
	if at < len(e.write) {
		e.bytes[at] = e.bytes[at]&^e.write[at] | v&e.write[at]
		e.bytes[at] &^= v & e.clear[at]
	}
}
