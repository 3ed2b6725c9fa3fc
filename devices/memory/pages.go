package memory

import (
	"iter"
	"unsafe"
)

// PageSize is the unit in which guest memory exists, in bytes.
const PageSize = pageSize

// Pages yields the pages of a RAM or ROM region that were ever written, from
// offset from on. The bytes are the region's own, and of no more than its size.
func (r *Region) Pages(from uint64) iter.Seq2[uint64, []byte] {
	return func(yield func(uint64, []byte) bool) {
		if r.ram == nil {
			return
		}
		for off, p := r.ram.next(from &^ (pageSize - 1)); p != nil; off, p = r.ram.next(off + pageSize) {
			n := r.fits(off, pageSize)
			if n == 0 || !yield(off, p[:n]) {
				return
			}
		}
	}
}

// next returns the first page at an offset or behind it, nil when there is none.
func (m *ram) next(off uint64) (uint64, *page) {
	for {
		n := m.root.Load()
		span := uint64(1) << (pageBits + fanBits*(m.levels+1)) // of the whole tree
		if span != 0 && off >= span {
			return 0, nil
		}
		for level := m.levels; ; level-- {
			unit := uint64(1) << (pageBits + fanBits*level)
			if n == nil { // nothing in the node above
				up := unit << fanBits
				off = off&^(up-1) + up
				break
			}
			slot := off / unit % fan
			if level == 0 {
				if p := n.pages[slot].Load(); p != nil {
					return off, p
				}
				off += pageSize
				break
			}
			n = n.kids[slot].Load()
		}
		if off == 0 {
			return 0, nil // past the last address
		}
	}
}

// HostAddress is where in this process the byte at an offset of a RAM or ROM
// region lies, until the region goes; the bytes of another page are elsewhere.
func (r *Region) HostAddress(off uint64) uintptr {
	return uintptr(unsafe.Pointer(&r.ram.touch(off)[off%pageSize]))
}

// IsZero reports whether all bytes are zero.
func IsZero(p []byte) bool { return isZero(p) }
