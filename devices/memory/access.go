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
			if !as.ports {
				res |= DecodeError
			}
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

// ReadN reads a little-endian number of 1 to 8 bytes.
func (as *AddressSpace) ReadN(addr uint64, size int) (uint64, Result) {
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

// WriteN writes one.
func (as *AddressSpace) WriteN(addr uint64, size int, val uint64) Result {
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], val)
	return as.Write(addr, buf[:size])
}

// gap returns how many of n bytes from addr on, where nothing is, are before
// the next range.
func (v *View) gap(addr uint64, n int) int {
	if i := v.search(addr); i < len(v.ranges) {
		if rest := v.ranges[i].First - addr; rest < uint64(n) {
			return int(rest)
		}
		return n
	}
	if rest := -addr; rest != 0 && rest < uint64(n) {
		return int(rest) // addresses go round after the last
	}
	return n
}

// unassigned fills p as an address where nothing is does.
func (as *AddressSpace) unassigned(p []byte) Result {
	as.sys.stats.Unassigned++
	if !as.ports {
		clear(p)
		return DecodeError
	}
	for i := range p {
		p[i] = 0xff
	}
	return OK
}

// nothing answers a read of a place where nothing is.
func (as *AddressSpace) nothing(size int) (uint64, Result) {
	if as.ports {
		return ones(size), OK
	}
	return 0, DecodeError
}

// dispatchRead reads size bytes, a power of two, of a region without content
// of its own.
func (as *AddressSpace) dispatchRead(r *Region, off uint64, size int) (uint64, Result) {
	if r.kind != KindIO {
		return as.nothing(size)
	}
	g := r.gateOf()
	if g != nil && g.Closed() {
		g.reads.Add(1)
		as.sys.stats.Late++
		return as.nothing(size)
	}
	if !r.rules.valid(off, size, false) {
		return 0, DecodeError
	}
	if !as.enter(r, g, off) {
		return 0, AccessError
	}
	if g != nil && !r.reentrant {
		defer func() { g.busy = false }()
	}
	step := r.rules.implSize(size)
	if step >= size {
		return r.ops.Read(off, step) & ones(step), OK
	}
	val := uint64(0)
	for i := 0; i < size; i += step {
		val |= (r.ops.Read(off+uint64(i), step) & ones(step)) << (8 * i)
	}
	return val, OK
}

// dispatchWrite is its counterpart.
func (as *AddressSpace) dispatchWrite(r *Region, off uint64, size int, val uint64) Result {
	if r.kind != KindIO {
		if as.ports {
			return OK
		}
		return DecodeError
	}
	g := r.gateOf()
	if g != nil && g.Closed() {
		g.writes.Add(1)
		as.sys.stats.Late++
		if as.ports {
			return OK
		}
		return DecodeError
	}
	if !r.rules.valid(off, size, true) {
		return DecodeError
	}
	if !as.enter(r, g, off) {
		return AccessError
	}
	if g != nil && !r.reentrant {
		defer func() { g.busy = false }()
	}
	step := r.rules.implSize(size)
	for i := 0; i < size; i += step {
		r.ops.Write(off+uint64(i), step, val>>(8*i)&ones(step))
	}
	return OK
}

// enter claims the device for a callback; it answers no when one is running
// already: the device got here by its own memory access.
func (as *AddressSpace) enter(r *Region, g *Gate, off uint64) bool {
	if g == nil || r.reentrant {
		return true
	}
	if !g.busy {
		g.busy = true
		return true
	}
	s := as.sys
	s.stats.Reentered++
	if !s.warned {
		s.warned = true
		s.Log.Warn("blocked re-entrant IO on memory region", "region", r.label, "addr", off)
	}
	return false
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
