package memory

import "github.com/qomd/qomd/devices/trace"

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

// dropped answers a write to such a place.
func (as *AddressSpace) dropped() Result {
	if as.ports {
		return OK
	}
	return DecodeError
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
	traced := as.sys.Trace.On(trace.MemoryRead)
	if step >= size && !traced {
		return r.ops.Read(off, step) & ones(step), OK
	}
	val := uint64(0)
	for i := 0; i < size; i += step {
		piece := r.ops.Read(off+uint64(i), step) & ones(step)
		val |= piece << (8 * i)
		if traced {
			r.trace(trace.MemoryRead, off+uint64(i), piece, step)
		}
	}
	return val, OK
}

// dispatchWrite is its counterpart.
func (as *AddressSpace) dispatchWrite(r *Region, off uint64, size int, val uint64) Result {
	if r.kind != KindIO {
		return as.dropped()
	}
	g := r.gateOf()
	if g != nil && g.Closed() {
		g.writes.Add(1)
		as.sys.stats.Late++
		return as.dropped()
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
	traced := as.sys.Trace.On(trace.MemoryWrite)
	for i := 0; i < size; i += step {
		piece := val >> (8 * i) & ones(step)
		if traced {
			r.trace(trace.MemoryWrite, off+uint64(i), piece, step)
		}
		r.ops.Write(off+uint64(i), step, piece)
	}
	return OK
}

// trace writes the line of an access. No processor makes it.
func (r *Region) trace(p trace.Point, off, val uint64, size int) {
	addr := off
	for c := r; c.container != nil; c = c.container {
		addr += c.addr
	}
	r.sys.Trace.Printf(p, "cpu -1 mr %p addr 0x%x value 0x%x size %d name '%s'", r, addr, val, size, r.label)
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
