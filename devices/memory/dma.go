package memory

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/qomd/qomd/qom"
)

// Direction says who writes the memory of a mapping.
type Direction bool

// The directions of mappings.
const (
	ToDevice   Direction = false // the device reads memory
	FromDevice Direction = true  // the device writes memory
)

// ErrBounceExhausted says that the bounce buffers of the space are used up;
// [AddressSpace.Wait] tells when some are free again.
var ErrBounceExhausted = errors.New("bounce buffers exhausted")

// Mapping is memory that a device uses for input or output while the machine
// goes on. RAM is used in place; anything else is copied through a bounce
// buffer. While the mapping lasts it holds the owner of the memory, whoever
// removes it.
type Mapping struct {
	space    *AddressSpace
	addr     uint64
	size     int
	dir      Direction
	ram      *ram   // in place
	off      uint64 // in ram
	bounce   []byte
	hold     qom.Hold
	unmapped bool
}

type asyncUnmap struct {
	m        *Mapping
	accessed int
}

// DMAMap maps up to size bytes at addr. The mapping may be shorter: it ends
// where the region does, or where the bounce buffers are used up; then the
// device maps the rest when it is done with this part. holder says who asks and
// for what, "virtio-blk vb, request 1"; the ledger shows it with size and
// address. A mapping to read has its bounce buffer filled at once.
func DMAMap(space *AddressSpace, addr uint64, size int, dir Direction, holder string) (*Mapping, error) {
	if size <= 0 {
		return nil, fmt.Errorf("mapping of %d bytes", size)
	}
	if f := space.sys.DMAFault; f != nil && f(holder) {
		return nil, ErrBounceExhausted
	}
	v := space.Current()
	g := v.Lookup(addr)
	m := &Mapping{space: space, addr: addr, dir: dir}
	var owner *qom.Object
	switch {
	case g != nil && g.Region.ram != nil && (dir == ToDevice || !g.ReadOnly):
		m.size = g.fit(addr, size)
		m.ram, m.off = g.Region.ram, g.Offset+(addr-g.First)
		owner = g.Region.owner
	default:
		if g != nil {
			size = g.fit(addr, size)
			owner = g.Region.owner
		} else {
			size = v.gap(addr, size)
		}
		if space.bounced >= space.BounceLimit {
			return nil, ErrBounceExhausted
		}
		m.size = int(min(uint64(size), space.BounceLimit-space.bounced))
		space.bounced += uint64(m.size)
		m.bounce = make([]byte, m.size)
	}
	if owner != nil {
		owner.HoldInto(&m.hold, qom.HoldDMAMap, fmt.Sprintf("%s, %d bytes at 0x%x", holder, m.size, addr), 1)
	}
	if m.bounce != nil && dir == ToDevice {
		space.Read(addr, m.bounce)
	}
	return m, nil
}

// Len returns how many bytes are mapped.
func (m *Mapping) Len() int { return m.size }

// Address returns where the mapping is in its space.
func (m *Mapping) Address() uint64 { return m.addr }

// Bounced reports whether the mapping is a copy.
func (m *Mapping) Bounced() bool { return m.bounce != nil }

// ReadAt copies bytes of the mapping to p, on any goroutine. It implements
// [io.ReaderAt].
func (m *Mapping) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.clip(len(p), off)
	if m.bounce != nil {
		copy(p[:n], m.bounce[off:])
	} else if n > 0 {
		m.ram.read(m.off+uint64(off), p[:n])
	}
	return n, err
}

// WriteAt copies p to the mapping, on any goroutine. A bounce buffer reaches
// the memory when it is unmapped. It implements [io.WriterAt].
func (m *Mapping) WriteAt(p []byte, off int64) (int, error) {
	if m.dir == ToDevice {
		return 0, errors.New("write to a mapping for reading")
	}
	n, err := m.clip(len(p), off)
	if m.bounce != nil {
		copy(m.bounce[off:], p[:n])
	} else if n > 0 {
		m.ram.write(m.off+uint64(off), p[:n])
	}
	if err != nil {
		err = io.ErrShortWrite
	}
	return n, err
}

func (m *Mapping) clip(n int, off int64) (int, error) {
	if off < 0 || off >= int64(m.size) {
		if n == 0 && off == int64(m.size) {
			return 0, nil
		}
		return 0, io.EOF
	}
	if rest := int64(m.size) - off; int64(n) > rest {
		return int(rest), io.EOF
	}
	return n, nil
}

// Unmap ends the mapping. Of a bounce buffer that the device wrote, the first
// accessed bytes are written back by address, to whatever is there now; the
// memory may have gone since. Unmapping twice is a violation.
func (m *Mapping) Unmap(accessed int) {
	as := m.space
	if m.unmapped {
		as.sys.violate("address space "+as.name, "mapping of 0x%x released twice", m.addr)
		return
	}
	m.unmapped = true
	if m.bounce != nil {
		if m.dir == FromDevice && accessed > 0 {
			as.Write(m.addr, m.bounce[:min(accessed, m.size)])
		}
		as.bounced -= uint64(m.size)
		m.bounce = nil
		defer as.wake()
	}
	m.ram = nil
	if elsewhere := as.sys.Elsewhere; elsewhere != nil {
		elsewhere(m.hold.ReleaseAsync)
		return
	}
	m.hold.Release()
}

// UnmapAsync is Unmap on any goroutine: it takes effect in [System.Drain],
// which [qom.Tree.OnAsync] is asked to arrange.
func (m *Mapping) UnmapAsync(accessed int) {
	s := m.space.sys
	s.asyncMu.Lock()
	s.async = append(s.async, asyncUnmap{m, accessed})
	first := len(s.async) == 1
	s.waiting.Store(true)
	s.asyncMu.Unlock()
	if first && s.Tree.OnAsync != nil {
		s.Tree.OnAsync()
	}
}

// Waiter is a device that waits for a bounce buffer.
type Waiter struct {
	space *AddressSpace
	fn    func()
}

// Wait has fn called, once, when bounce buffers are free again, at the end of
// the [Mapping.Unmap] that freed them. Devices are served in the order they
// came, as long as buffers are left.
func (as *AddressSpace) Wait(fn func()) *Waiter {
	w := &Waiter{as, fn}
	as.waiters = append(as.waiters, w)
	return w
}

// Cancel ends the wait; it does no harm after the call.
func (w *Waiter) Cancel() {
	if i := slices.Index(w.space.waiters, w); i >= 0 {
		w.space.waiters = slices.Delete(w.space.waiters, i, i+1)
	}
}

func (as *AddressSpace) wake() {
	// Whoever is woken may wait again, which must not go on for ever.
	for n := len(as.waiters); n > 0 && len(as.waiters) > 0 && as.bounced < as.BounceLimit; n-- {
		w := as.waiters[0]
		as.waiters = slices.Delete(as.waiters, 0, 1)
		w.fn()
	}
}
