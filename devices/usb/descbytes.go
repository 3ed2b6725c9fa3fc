package usb

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
)

// Descriptor types, USB 2.0 table 9-5 and USB 3.0 table 9-6.
const (
	descDevice      = 1
	descConfig      = 2
	descString      = 3
	descInterface   = 4
	descEndpoint    = 5
	descQualifier   = 6
	descOtherSpeed  = 7
	descBOS         = 15
	descCapability  = 16
	descSSCompanion = 48
)

// vendorOSString is the index at which Microsoft's systems look for a device
// that has descriptors for them: "MSFT100" and the code of the request.
const vendorOSString = 0xee

// le appends 16-bit numbers, little-endian.
func le(b []byte, list ...uint16) []byte {
	for _, n := range list {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	return b
}

func (t *Descriptors) device(l *Layout, version uint16) []byte {
	b := le([]byte{18, descDevice}, version)
	b = append(b, l.Class, l.Subclass, l.Protocol, l.MaxPacket0)
	b = le(b, t.Vendor, t.Product, t.Release)
	return append(b, t.ManufacturerString, t.ProductString, t.SerialString, uint8(len(l.Configs)))
}

// qualifier describes the device at the speed it does not run at.
func qualifier(l *Layout) []byte {
	b := le([]byte{10, descQualifier}, l.Version)
	return append(b, l.Class, l.Subclass, l.Protocol, l.MaxPacket0, uint8(len(l.Configs)), 0)
}

// config is a configuration with all its interfaces and endpoints; typ is that
// of the present or of the other speed.
func (l *Layout) config(index int, typ uint8, super bool) []byte {
	c := &l.Configs[index]
	numbers := map[uint8]bool{}
	var body []byte
	for _, i := range c.Interfaces {
		numbers[i.Number] = true
		body = append(body, 9, descInterface, i.Number, i.Alternate, uint8(len(i.Endpoints)),
			i.Class, i.Subclass, i.Protocol, i.String)
		body = append(body, i.Extra...)
		for _, e := range i.Endpoints {
			body = append(body, 7, descEndpoint, e.Address, uint8(e.Type))
			body = append(le(body, e.MaxPacket), e.Interval)
			if super {
				body = le(append(body, 6, descSSCompanion, e.MaxBurst, e.Streams), 0)
			}
			body = append(body, e.Extra...)
		}
	}
	b := le([]byte{9, typ}, uint16(9+len(body)))
	b = append(b, uint8(len(numbers)), c.Value, c.String, c.Attributes|AlwaysSet, c.MaxPower)
	return append(b, body...)
}

// bos is the binary object store: what the device can do at USB 2.0 with link
// power management, and at USB 3.0.
func (t *Descriptors) bos() []byte {
	var caps []byte
	n := uint8(0)
	if t.High != nil || t.Super != nil {
		caps = append(caps, 7, descCapability, 2, 2, 0, 0, 0)
		n++
	}
	if t.Super != nil {
		var speeds uint16
		for s := LowSpeed; s <= SuperSpeed; s++ {
			if t.layout(s) != nil {
				speeds |= 1 << s
			}
		}
		caps = append(caps, 10, descCapability, 3, 0)
		caps = le(caps, speeds)
		// The lowest speed that does all, and the exit latencies U1 and U2 in us.
		caps = append(caps, uint8(bits.TrailingZeros16(speeds)), 10)
		caps = le(caps, 32)
		n++
	}
	b := le([]byte{5, descBOS}, uint16(5+len(caps)))
	return append(append(b, n), caps...)
}

// stringDescriptor is text as UTF-16, cut to the 126 units that fit.
func stringDescriptor(s string) []byte {
	units := utf16.Encode([]rune(s))
	if len(units) > 126 {
		units = units[:126]
	}
	return le([]byte{uint8(2 + 2*len(units)), descString}, units...)
}

// languages is the string descriptor 0: US English alone.
func languages() []byte { return le([]byte{4, descString}, 0x0409) }

// descriptor answers GET_DESCRIPTOR; nil for what the device does not have.
func (d *Device) descriptor(typ, index uint8) []byte {
	l := d.layout()
	if l == nil {
		return nil
	}
	super := d.speed == SuperSpeed
	other := d.desc.High
	if d.speed == HighSpeed {
		other = d.desc.Full
	}
	vendorOS := d.desc.VendorOS && d.StoredBool("msos-desc")
	switch typ {
	case descDevice:
		version := l.Version
		if vendorOS {
			version = max(version, 0x0200)
		}
		return d.desc.device(l, version)
	case descConfig:
		if int(index) < len(l.Configs) {
			return l.config(int(index), descConfig, super)
		}
	case descString:
		if index == 0 {
			return languages()
		}
		if index == vendorOSString && vendorOS {
			return stringDescriptor("MSFT100Q")
		}
		if s := d.String(index); s != "" {
			return stringDescriptor(s)
		}
	case descQualifier:
		if other != nil {
			return qualifier(other)
		}
	case descOtherSpeed:
		if other != nil && int(index) < len(other.Configs) {
			return other.config(int(index), descOtherSpeed, super)
		}
	case descBOS:
		return d.desc.bos()
	}
	return nil
}
