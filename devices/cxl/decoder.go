package cxl

import (
	"math/bits"
	"slices"
)

// decoder is one of a component's HDM decoders, CXL 3.1 section 8.2.4.20: a range
// of host physical addresses that is the component's, or goes on behind it.
type decoder struct {
	base, size uint64
	control    uint32
	more       uint64 // a port: list of targets; a device: bytes to skip
}

// decoder returns what the registers say of a decoder.
func (c *component) decoder(i int) decoder {
	at := hdmFirst + i*hdmStride
	pair := func(low, high int) uint64 { return uint64(c.reg(at+low)) | uint64(c.reg(at+high))<<32 }
	return decoder{pair(hdmBaseLow, hdmBaseHigh), pair(hdmSizeLow, hdmSizeHigh), c.reg(at + hdmCtl), pair(hdmSkipLow, hdmSkipHigh)}
}

func (d decoder) committed() bool      { return d.control&hdmCommitted != 0 }
func (d decoder) has(addr uint64) bool { return addr >= d.base && addr-d.base < d.size }
func (d decoder) granularity() uint    { return 8 + uint(d.control&0xf) } // as a power of two
func (d decoder) interleaving() uint   { return uint(d.control >> 4 & 0xf) }

// ways lists how many ways there can be, by how interleaving says it; 0: nothing
// has that.
var ways = [16]uint64{1, 2, 4, 8, 16, 0, 0, 0, 3, 6, 12}

// encodeWays tells how a number of ways is said.
func encodeWays(n int) (uint, bool) {
	i := slices.Index(ways[:], uint64(n))
	return uint(max(i, 0)), i >= 0 && n > 0
}

// encodeGranularity tells how many more than 256 bytes there are in one way before
// the next, as a power of two.
func encodeGranularity(n uint64) (uint, bool) {
	return uint(bits.TrailingZeros64(n)) - 8, bits.OnesCount64(n) == 1 && n >= 256 && n <= 16<<10
}

// target returns the number of the port that an address goes to. As in QEMU the
// first decoder that has the address decides.
func (c *component) target(addr uint64) (port uint8, ok bool) {
	for i := range hdmDecoders {
		d := c.decoder(i)
		if !d.has(addr) {
			continue
		}
		if !d.committed() {
			return 0, false
		}
		at := addr >> d.granularity() % (1 << d.interleaving())
		return uint8(d.more >> (8 * (at % 8))), true
	}
	return 0, false
}

// mediaAddress turns a host physical address into one of the device's memory.
// The decoders' memory follows one another, up to the first that is not committed.
func (t *Type3) mediaAddress(addr uint64) (dpa uint64, ok bool) {
	for i := range hdmDecoders {
		d := t.component.decoder(i)
		if !d.committed() {
			return 0, false
		}
		dpa += d.more
		if !d.has(addr) {
			n := ways[d.interleaving()]
			if n == 0 {
				return 0, false
			}
			dpa += d.size / n
			continue
		}
		off, gran, way := addr-d.base, d.granularity(), d.interleaving()
		within, piece := off&(1<<gran-1), off>>gran
		if way < 8 {
			piece >>= way
		} else {
			piece = piece >> (way - 8) / 3
		}
		return dpa + piece<<gran + within, true
	}
	return 0, false
}
