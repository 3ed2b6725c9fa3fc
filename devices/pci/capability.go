package pci

import "fmt"

// AddCapability makes room for a capability of size bytes at an offset (at the
// first free place with offset 0) and puts it at the head of the list, so that
// a driver meets the newest first. Its bytes are zero and read-only until
// [Device.SetConfig] and [Device.SetWritable] say otherwise.
func (d *Device) AddCapability(id uint8, offset, size int) (int, error) {
	used := d.usedByCapabilities()
	if offset == 0 {
		for at := headerSize; at+size <= configSize && offset == 0; at += 4 {
			if free(used, at, size) {
				offset = at
			}
		}
		if offset == 0 {
			return 0, fmt.Errorf("%s:%02x:%02x.%x No room for capability %x", d.TypeName(), d.bus.Number(), d.Slot(), d.Func(), id)
		}
	} else if offset < headerSize || offset+size > configSize || !free(used, offset, size) {
		return 0, fmt.Errorf("%s:%02x:%02x.%x Attempt to add PCI capability %x at offset %x overlaps existing capability",
			d.TypeName(), d.bus.Number(), d.Slot(), d.Func(), id, offset)
	}
	s := &d.space
	s.bytes[offset] = id
	s.bytes[offset+1] = s.bytes[regCapabilities]
	for i := 2; i < size; i++ {
		s.bytes[offset+i] = 0
	}
	s.bytes[regCapabilities] = byte(offset)
	s.bytes[regStatus] |= statusCapabilities
	d.SetWritable(offset, size, 0)
	for i := 0; i < size; i++ {
		s.write[offset+i] = 0
	}
	d.capSizes[offset/4] = uint8(size)
	return offset, nil
}

// usedByCapabilities tells which bytes are taken.
func (d *Device) usedByCapabilities() *[configSize]bool {
	used := new([configSize]bool)
	for i, size := range d.capSizes {
		for n := 0; n < int(size); n++ {
			used[4*i+n] = true
		}
	}
	return used
}

func free(used *[configSize]bool, at, size int) bool {
	for i := at; i < at+size; i++ {
		if used[i] {
			return false
		}
	}
	return true
}

// FindCapability returns the offset of a capability, 0 when there is none.
func (d *Device) FindCapability(id uint8) int {
	at := int(d.space.bytes[regCapabilities])
	for steps := 0; at >= headerSize && steps < configSize/4; steps++ {
		if d.space.bytes[at] == id {
			return at
		}
		at = int(d.space.bytes[at+1])
	}
	return 0
}

// AddPM adds a power management capability of version 3.
func (d *Device) AddPM(offset int) error {
	at, err := d.AddCapability(CapPM, offset, 8)
	if err != nil {
		return err
	}
	d.pm = uint8(at)
	d.SetConfigWord(at+2, 0x0003)
	d.SetWritable(at+4, 2, 0x0003) // power state
	return nil
}
