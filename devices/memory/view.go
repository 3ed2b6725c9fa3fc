package memory

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/qom"
)

// Range is a stretch of a view: the addresses First to Last, inclusive, lead
// to Region from Offset on.
type Range struct {
	First, Last uint64
	Region      *Region
	Offset      uint64
	ReadOnly    bool
}

// View is what a tree of regions amounts to: sorted ranges that do not
// overlap. It never changes. Address spaces that show the same share one.
type View struct {
	sys    *System
	root   *Region
	number uint64
	ranges []Range
	seen   []*Region  // regions that the ranges depend on, shown or not
	holds  []qom.Hold // on the owners of ranges and root
	refs   int        // address spaces that show it, and caches
	retire Callback
}

// Root returns the region the view was rendered from, nil for an empty one.
func (v *View) Root() *Region { return v.root }

// Number returns the number of the rendering, increasing over the machine.
func (v *View) Number() uint64 { return v.number }

// Ranges returns the ranges in order of address, for reading.
func (v *View) Ranges() []Range { return v.ranges }

// Lookup returns the range that has an address, or nil.
func (v *View) Lookup(addr uint64) *Range {
	i := v.search(addr)
	if i < len(v.ranges) && v.ranges[i].First <= addr {
		return &v.ranges[i]
	}
	return nil
}

// search returns the index of the first range that ends at or after addr.
func (v *View) search(addr uint64) int {
	low, high := 0, len(v.ranges)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if v.ranges[mid].Last < addr {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// ReadRAM copies memory from addr on into p, on any goroutine that has a pin
// since before it got the view. It reports false, and copies nothing, unless
// all of it is RAM or ROM: anything else needs the machine's lock.
func (v *View) ReadRAM(addr uint64, p []byte) bool {
	if !v.direct(addr, len(p), false) {
		return false
	}
	for len(p) > 0 {
		r := v.Lookup(addr)
		n := r.fit(addr, len(p))
		r.Region.ram.read(r.Offset+addr-r.First, p[:n])
		p, addr = p[n:], addr+uint64(n)
	}
	return true
}

// WriteRAM is the counterpart of ReadRAM; all of it must be writable.
func (v *View) WriteRAM(addr uint64, p []byte) bool {
	if !v.direct(addr, len(p), true) {
		return false
	}
	for len(p) > 0 {
		r := v.Lookup(addr)
		n := r.fit(addr, len(p))
		r.Region.ram.write(r.Offset+addr-r.First, p[:n])
		p, addr = p[n:], addr+uint64(n)
	}
	return true
}

// direct reports whether n bytes at addr are all memory.
func (v *View) direct(addr uint64, n int, write bool) bool {
	for n > 0 {
		r := v.Lookup(addr)
		if r == nil || r.Region.ram == nil || write && r.ReadOnly {
			return false
		}
		k := r.fit(addr, n)
		n, addr = n-k, addr+uint64(k)
	}
	return true
}

// fit returns how many of n bytes at addr, which is in the range, are.
func (r *Range) fit(addr uint64, n int) int {
	if rest := r.Last - addr; rest < uint64(n) {
		return int(rest) + 1
	}
	return n
}

// unref drops a reference; the last one takes the view down after a grace
// period.
func (v *View) unref() {
	if v.refs--; v.refs > 0 || v == v.sys.empty {
		return
	}
	if v.sys.views[v.root] == v {
		delete(v.sys.views, v.root)
	}
	v.sys.stats.Discarded++
	v.retire.What = fmt.Sprintf("flat view %d of %s", v.number, v.root.label)
	v.retire.Fn = v.free
	v.sys.Reclaimer.Queue(&v.retire)
}

// free gives back the references on owners. An owner may be finalized here.
func (v *View) free() {
	for i := range v.holds {
		v.holds[i].Release()
	}
	v.holds = nil
}

// dependsOn reports whether a change of any of the regions may show.
func (v *View) dependsOn(dirty []*Region) bool {
	for _, r := range dirty {
		if slices.Contains(v.seen, r) {
			return true
		}
	}
	return false
}
