package cxl

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/pci"
)

// Where the capabilities are, as in QEMU.
const (
	expressAt = 0x80
	serialAt  = 0x100
	errorsAt  = 0x200
)

const (
	serialCapability = 0x0003
	vendorCapability = 0x0023 // designated vendor-specific
	cxlVendor        = 0x1e98
)

// speeds and widths are the numbers that the link registers have for the values
// of x-speed and x-width.
var speeds = map[string]uint32{"2_5": 1, "5": 2, "8": 3, "16": 4, "32": 5, "64": 6}

var widths = map[string]uint32{"1": 1, "2": 2, "4": 4, "8": 8, "12": 12, "16": 16, "32": 32}

// linkCap is the Express capability: that of an endpoint with the link's speed
// and width.
func (t *Type3) linkCap() pci.ExpressCap {
	c := t.EndpointCap(expressAt)
	c.Errors = true
	speed, width := speeds[t.Choice("x-speed")], widths[t.Choice("x-width")]
	c.LnkCap = c.LnkCap&^0x3ff | width<<4 | speed
	c.LnkSta = uint16(width<<4 | speed)
	if speed > 1 {
		c.LnkCap2 = (1<<speed - 1) << 1
	}
	return c
}

// dvsec is a designated vendor-specific capability of CXL, 3.1 section 8.1.
type dvsec struct {
	id       uint16
	revision uint8
	body     []uint32       // after the two headers; the lower half of the first is the id
	write    map[int]uint32 // bits a guest can write, by index in body
}

// memoryRange is what a range register tells of memory: its size, that it is valid and
// active, and of which kind it is.
func memoryRange(size uint64) (high, low uint32) {
	if size == 0 {
		return 0, 0
	}
	return uint32(size >> 32), uint32(size)&0xf0000000 | 2<<5 | 2<<2 | 3
}

// dvsecs lists the capabilities in their order.
func (t *Type3) dvsecs() []dvsec {
	first, second := t.media.size(volatileMemory), t.media.size(persistentMemory)
	if first == 0 {
		first, second = second, 0
	}
	high1, low1 := memoryRange(first)
	high2, low2 := memoryRange(second)
	base := map[int]uint32{1: 0x4ffd, 2: 0xf, 3: 1, 6: 0xffffffff, 7: 0xf0000000, 10: 0xffffffff, 11: 0xf0000000}
	return []dvsec{
		// For CXL devices: caches nothing, has CXL.mem, on.
		{id: 0, revision: 3, body: []uint32{0x001e << 16, 2, 2 << 16, 0, high1, low1, 0, 0, high2, low2, 0, 0, 0}, write: base},
		// Where the register blocks are: of the component, of the device.
		{id: 8, revision: 0, body: []uint32{8, 1<<8 | componentBAR, 0, 3<<8 | deviceBAR, 0, 0, 0}},
		// Global persistent flush: 3 seconds, 51 mW.
		{id: 5, revision: 0, body: []uint32{0x0603<<16 | 5, 0x33}, write: map[int]uint32{0: 0x0f0f << 16, 1: 0xffffffff}},
		// The link: 68 byte flits, I/O and memory.
		{id: 7, revision: 2, body: []uint32{0x26<<16 | 7, 0x26<<16 | 2, 0xef, 0, 0, 0}},
	}
}

// addExtended adds what is in the extended configuration space.
func (t *Type3) addExtended() {
	at := serialAt
	if sn := t.StoredUint("sn"); sn != noSerial {
		t.AddExtendedCapability(serialCapability, 1, at, binary.LittleEndian.AppendUint64(nil, sn))
		at += 12
	}
	addVendorCapabilities(&t.Device, at, t.dvsecs())
	t.AddAER(errorsAt)
}

// addVendorCapabilities adds capabilities one behind the other.
func addVendorCapabilities(to *pci.Device, at int, list []dvsec) {
	for _, d := range list {
		size := 8 + 4*len(d.body)
		content := binary.LittleEndian.AppendUint32(nil, uint32(size)<<20|uint32(d.revision)<<16|cxlVendor)
		for _, word := range d.body {
			content = binary.LittleEndian.AppendUint32(content, word)
		}
		to.AddExtendedCapability(vendorCapability, 1, at, content)
		for i, mask := range d.write {
			to.SetExtendedMasks(at+8+4*i, mask, 0)
		}
		at += size
	}
}
