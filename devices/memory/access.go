package memory

import "encoding/binary"

// Result tells how an access went: OK, or the bits of what went wrong in any
// piece of it. The values are those of QEMU's MemTxResult.
type Result uint32

// The results of accesses.
const (
	OK          Result = 0
	Error       Result = 1 << 0 // the device refused
	DecodeError Result = 1 << 1 // nothing is there, or not for such an access
	AccessError Result = 1 << 2 // the device would be re-entered
)

// Read fills p with what is at addr on. Pieces that fail read as zeros.
func (as *AddressSpace) Read(addr uint64, p []byte) Result {
	as.sys.stats.Reads++
	return as.read(as.Current(), addr, p)
}

func (as *AddressSpace) read(v *View, addr uint64, p []byte) Result {
	res := OK
	for len(p) > 0 {
		g := v.Lookup(addr)
		if g == nil {
			n := v.gap(addr, len(p))
			res |= as.unassigned(p[:n])
			p, addr = p[n:], addr+uint64(n)
			continue
		}
		n := g.fit(addr, len(p))
		off := g.Offset + (addr - g.First)
		if m := g.Region.ram; m != nil {
			m.read(off, p[:n])
		} else {
			val := uint64(0)
			var r Result
			n = g.Region.rules.pieceSize(off, n)
			val, r = as.dispatchRead(g.Region, off, n)
			res |= r
			putLittleEndian(p[:n], val)
		}
		p, addr = p[n:], addr+uint64(n)
	}
	return res
}

// Write stores p at addr on. Pieces that fail are dropped.
func (as *AddressSpace) Write(addr uint64, p []byte) Result {
	as.sys.stats.Writes++
	v := as.Current()
	res := OK
	for len(p) > 0 {
		// A callback may change the topology; the rest of the access goes by
		// the view it started with.
		g := v.Lookup(addr)
		if g == nil {
			n := v.gap(addr, len(p))
			as.sys.stats.Unassigned++
			res |= as.dropped()
			p, addr = p[n:], addr+uint64(n)
			continue
		}
		n := g.fit(addr, len(p))
		off := g.Offset + (addr - g.First)
		switch m := g.Region.ram; {
		case m != nil && !g.ReadOnly:
			m.write(off, p[:n])
		case m != nil || g.ReadOnly:
			res |= DecodeError
		default:
			n = g.Region.rules.pieceSize(off, n)
			res |= as.dispatchWrite(g.Region, off, n, littleEndian(p[:n]))
		}
		p, addr = p[n:], addr+uint64(n)
	}
	return res
}

// ReadN reads a little-endian number of 1 to 8 bytes, in aligned pieces as
// [AddressSpace.Read] does; in a space of ports it is [AddressSpace.Load].
func (as *AddressSpace) ReadN(addr uint64, size int) (uint64, Result) {
	if as.ports {
		return as.Load(addr, size)
	}
	v := as.Current()
	if g := v.Lookup(addr); g != nil && g.Last-addr >= uint64(size-1) {
		off := g.Offset + (addr - g.First)
		if m := g.Region.ram; m != nil {
			as.sys.stats.Reads++
			return m.load(off, size), OK
		}
		if g.Region.rules.pieceSize(off, size) == size {
			as.sys.stats.Reads++
			return as.dispatchRead(g.Region, off, size)
		}
	}
	var buf [8]byte
	as.sys.stats.Reads++
	res := as.read(v, addr, buf[:size])
	return binary.LittleEndian.Uint64(buf[:]), res
}

// WriteN writes one, in pieces as [AddressSpace.Write] does; in a space of ports
// it is [AddressSpace.Store].
func (as *AddressSpace) WriteN(addr uint64, size int, val uint64) Result {
	if as.ports {
		return as.Store(addr, size, val)
	}
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], val)
	return as.Write(addr, buf[:size])
}

// Load reads a little-endian number of 1, 2, 4 or 8 bytes as a processor's
// load or "in" instruction does: all of it comes from the region that has the
// first byte, even where that region ends, and an access that is not valid
// there as a whole reads 0 and fails. This is QEMU's address_space_ldl, while
// Read is its address_space_read, which cuts accesses into aligned pieces.
func (as *AddressSpace) Load(addr uint64, size int) (uint64, Result) {
	as.sys.stats.Reads++
	g := as.Current().Lookup(addr)
	if g == nil {
		as.sys.stats.Unassigned++
		return as.nothing(size)
	}
	off := g.Offset + (addr - g.First)
	if m := g.Region.ram; m != nil {
		if g.Last-addr < uint64(size-1) {
			return 0, DecodeError
		}
		return m.load(off, size), OK
	}
	return as.dispatchRead(g.Region, off, size)
}

// Store is the counterpart of Load.
func (as *AddressSpace) Store(addr uint64, size int, val uint64) Result {
	as.sys.stats.Writes++
	g := as.Current().Lookup(addr)
	if g == nil {
		as.sys.stats.Unassigned++
		return as.dropped()
	}
	off := g.Offset + (addr - g.First)
	switch m := g.Region.ram; {
	case g.ReadOnly || m != nil && g.Last-addr < uint64(size-1):
		return DecodeError
	case m != nil:
		m.store(off, size, val)
		return OK
	}
	return as.dispatchWrite(g.Region, off, size, val)
}

func littleEndian(p []byte) uint64 {
	var buf [8]byte
	copy(buf[:], p)
	return binary.LittleEndian.Uint64(buf[:])
}

func putLittleEndian(p []byte, val uint64) {
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], val)
	copy(p, buf[:])
}
