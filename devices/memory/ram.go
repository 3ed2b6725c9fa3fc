package memory

import (
	"encoding/binary"
	"sync/atomic"
)

// Guest memory is kept in pages that exist from their first write on; a page
// that was never written reads as zeros.
const (
	pageBits = 12
	pageSize = 1 << pageBits
	fanBits  = 6
	fan      = 1 << fanBits
)

type page [pageSize]byte

// ramNode is a node of the page tree: inner nodes use kids, those of the lowest
// level use pages. All pointers go from nil to non-nil once, so that readers
// need no lock.
type ramNode struct {
	kids  [fan]atomic.Pointer[ramNode]
	pages *[fan]atomic.Pointer[page]
}

// ram is the content of a RAM or ROM region. Untouched memory costs this
// struct, whatever its size.
type ram struct {
	root   atomic.Pointer[ramNode]
	levels uint // of inner nodes above the lowest
	pages  atomic.Int64
}

func newRAM(size int128) *ram {
	m := new(ram)
	last := size.sub(one128).lo >> pageBits
	for last >>= fanBits; last != 0; last >>= fanBits {
		m.levels++
	}
	return m
}

func newRAMNode(level uint) *ramNode {
	n := new(ramNode)
	if level == 0 {
		n.pages = new([fan]atomic.Pointer[page])
	}
	return n
}

// lookup returns the page of an offset, nil when it was never written.
func (m *ram) lookup(off uint64) *page {
	n := m.root.Load()
	for level := m.levels; n != nil; level-- {
		slot := off >> (pageBits + fanBits*level) & (fan - 1)
		if level == 0 {
			return n.pages[slot].Load()
		}
		n = n.kids[slot].Load()
	}
	return nil
}

// touch returns the page of an offset, which it makes when there is none.
func (m *ram) touch(off uint64) *page {
	at := &m.root
	for level := m.levels; ; level-- {
		n := at.Load()
		if n == nil {
			at.CompareAndSwap(nil, newRAMNode(level))
			n = at.Load()
		}
		slot := off >> (pageBits + fanBits*level) & (fan - 1)
		if level > 0 {
			at = &n.kids[slot]
			continue
		}
		if p := n.pages[slot].Load(); p != nil {
			return p
		}
		if n.pages[slot].CompareAndSwap(nil, new(page)) {
			m.pages.Add(1)
		}
		return n.pages[slot].Load()
	}
}

func (m *ram) read(off uint64, p []byte) {
	for len(p) > 0 {
		in := off & (pageSize - 1)
		n := min(len(p), int(pageSize-in))
		if pg := m.lookup(off); pg != nil {
			copy(p[:n], pg[in:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+uint64(n)
	}
}

func (m *ram) write(off uint64, p []byte) {
	for len(p) > 0 {
		in := off & (pageSize - 1)
		n := min(len(p), int(pageSize-in))
		pg := m.lookup(off)
		// Zeros written to a page that reads as zeros need no page: guests
		// clear memory before they use it.
		if pg == nil && !isZero(p[:n]) {
			pg = m.touch(off)
		}
		if pg != nil {
			copy(pg[in:], p[:n])
		}
		p, off = p[n:], off+uint64(n)
	}
}

// zero clears the pages from first to end that exist below n, a node of a level
// whose memory begins at base.
func (m *ram) zero(n *ramNode, level uint, base, first, end uint64) {
	if n == nil {
		return
	}
	size := uint64(pageSize) << (fanBits * level) // of each child
	for i := range uint64(fan) {
		switch at := base + i*size; {
		case at+size <= first || at >= end:
		case level > 0:
			m.zero(n.kids[i].Load(), level-1, at, first, end)
		default:
			if p := n.pages[i].Load(); p != nil {
				clear(p[:])
			}
		}
	}
}

func isZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

// load reads a little-endian number of 1, 2, 4 or 8 bytes.
func (m *ram) load(off uint64, size int) uint64 {
	in := off & (pageSize - 1)
	if in+uint64(size) <= pageSize {
		pg := m.lookup(off)
		if pg == nil {
			return 0
		}
		switch size {
		case 1:
			return uint64(pg[in])
		case 2:
			return uint64(binary.LittleEndian.Uint16(pg[in:]))
		case 4:
			return uint64(binary.LittleEndian.Uint32(pg[in:]))
		case 8:
			return binary.LittleEndian.Uint64(pg[in:])
		}
	}
	var buf [8]byte
	m.read(off, buf[:size])
	return binary.LittleEndian.Uint64(buf[:])
}

// store writes one.
func (m *ram) store(off uint64, size int, val uint64) {
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], val)
	m.write(off, buf[:size])
}
