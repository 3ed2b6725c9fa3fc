package memory

import (
	"github.com/qomd/qomd/qom"
)

// Section is a part of a region that a look-up led to, and that is held.
type Section struct {
	Region *Region
	Offset uint64 // in the region
	Size   int    // of what was asked for and is in the region
	space  *AddressSpace
	view   *View // kept by a cache
	ro     bool
	hold   qom.Hold
}

// Find returns what is at addr, up to size bytes, and holds its owner until
// [Section.Release]; false when nothing is there. holder says who asks.
func Find(space *AddressSpace, addr uint64, size int, holder string) (*Section, bool) {
	return space.section(addr, size, qom.HoldFind, holder)
}

// NewCache is Find for a place that is accessed again and again, a ring of
// virtio: it keeps the view as well. It must be released and made anew when the
// topology changes, see [System.Listen].
func NewCache(space *AddressSpace, addr uint64, size int, holder string) (*Section, bool) {
	c, ok := space.section(addr, size, qom.HoldCache, holder)
	if ok {
		c.view = space.Current()
		c.view.refs++
	}
	return c, ok
}

func (as *AddressSpace) section(addr uint64, size int, kind qom.HoldKind, holder string) (*Section, bool) {
	g := as.Current().Lookup(addr)
	if g == nil || size <= 0 {
		return nil, false
	}
	s := &Section{Region: g.Region, Offset: g.Offset + (addr - g.First), Size: g.fit(addr, size),
		space: as, ro: g.ReadOnly}
	if o := g.Region.owner; o != nil {
		o.HoldInto(&s.hold, kind, holder, 1)
	}
	return s, true
}

// ReadN reads a little-endian number at an offset of the section. Beyond its
// end nothing is.
func (s *Section) ReadN(off uint64, size int) (uint64, Result) {
	if !s.has(off, size) {
		return s.space.nothing(size)
	}
	if m := s.Region.ram; m != nil {
		return m.load(s.Offset+off, size), OK
	}
	return s.space.dispatchRead(s.Region, s.Offset+off, size)
}

// WriteN writes one.
func (s *Section) WriteN(off uint64, size int, val uint64) Result {
	if !s.has(off, size) || s.ro {
		return DecodeError
	}
	if m := s.Region.ram; m != nil {
		m.store(s.Offset+off, size, val)
		return OK
	}
	return s.space.dispatchWrite(s.Region, s.Offset+off, size, val)
}

// has reports whether size bytes at off are in the section.
func (s *Section) has(off uint64, size int) bool {
	end := uint64(s.Size)
	return off <= end && uint64(size) <= end-off
}

// Release lets the owner, and the view of a cache, go.
func (s *Section) Release() {
	if s.view != nil {
		s.view.unref()
		s.view = nil
	}
	s.hold.Release()
}
