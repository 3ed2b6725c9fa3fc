package scsi

import "encoding/binary"

// Peripheral device types, SPC-4 table 140.
const (
	typeDisk  = 0
	typeCDROM = 5
)

func (d *Disk) peripheral() byte {
	if d.cd {
		return typeCDROM
	}
	return typeDisk
}

func (d *Disk) removable() bool { return d.cd || d.StoredBool("removable") }

// padded is text in a field of n bytes, filled with spaces.
func padded(s string, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = ' '
	}
	copy(b, s)
	return b
}

// inquiry tells what the device is, SPC-4 section 6.6.
func (d *Disk) inquiry(cdb []byte) *Request {
	room := int(binary.BigEndian.Uint16(cdb[3:]))
	if cdb[1]&1 != 0 {
		if b := d.vitalData(cdb[2]); b != nil {
			return reply(b, room)
		}
		return d.fail(invalidField)
	}
	if cdb[2] != 0 {
		return d.fail(invalidField)
	}
	b := make([]byte, 8, 36)
	b[0] = d.peripheral()
	if d.removable() {
		b[1] = 0x80
	}
	b[2] = byte(d.StoredUint("scsi_version"))
	b[3] = 0x12 // standard response format, hierarchical addresses
	b[4] = 36 - 5
	b[7] = 0x10
	b = append(b, padded(d.StoredString("vendor"), 8)...)
	b = append(b, padded(d.StoredString("product"), 16)...)
	b = append(b, padded(d.StoredString("ver"), 4)...)
	return reply(b, room)
}

// vitalData is a page of vital product data, SPC-4 section 7.8; nil for pages
// the device does not have.
func (d *Disk) vitalData(page byte) []byte {
	var body []byte
	switch page {
	case 0x00: // list of pages
		body = []byte{0x00, 0x83}
		if d.StoredString("serial") != "" {
			body = []byte{0x00, 0x80, 0x83}
		}
	case 0x80: // serial number
		serial := d.StoredString("serial")
		if serial == "" {
			return nil
		}
		body = []byte(serial)[:min(len(serial), 36)]
	case 0x83: // device identification
		id := d.StoredString("device_id")
		if id == "" {
			id = d.StoredString("serial")
		}
		if id != "" {
			id = id[:min(len(id), 255-8)]
			body = append([]byte{2, 0, 0, byte(len(id))}, id...)
		}
	default:
		return nil
	}
	b := []byte{d.peripheral(), page, 0, byte(len(body))}
	return append(b, body...)
}

// modeSense answers the mode pages, SPC-4 section 6.12; cdb byte 2 chooses the
// page. There is one page: caching, with the write cache on.
func (d *Disk) modeSense(which byte, room int, long bool) *Request {
	page := which & 0x3f
	caching := append([]byte{8, 18, 4}, make([]byte, 17)...)
	var body []byte
	switch page {
	case 0x3f:
		if !d.cd {
			body = caching
		}
	case 8:
		if d.cd {
			return d.fail(invalidField)
		}
		body = caching
	default:
		return d.fail(invalidField)
	}
	if which>>6 == 1 { // changeable values: none
		clear(body[min(2, len(body)):])
	}
	if long {
		b := make([]byte, 8)
		binary.BigEndian.PutUint16(b, uint16(6+len(body)))
		return reply(append(b, body...), room)
	}
	return reply(append([]byte{byte(3 + len(body)), 0, 0, 0}, body...), room)
}
