package virtio

import (
	"errors"
	"fmt"
	"io"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// Element is what a driver made available at once: buffers that the device
// reads, and buffers that it writes. They are mapped, and the backend is held,
// until the element goes back or is dropped.
type Element struct {
	Out Buffer // the device reads
	In  Buffer // the device writes

	queue  *Queue
	head   uint16
	place  int // among those in flight
	who    string
	hold   qom.Hold
	orphan bool
	ended  bool
}

// Buffer is guest memory in pieces. It must be used under the machine's lock.
type Buffer struct {
	e    *Element
	maps []*memory.Mapping
	size int64
	kept []byte // what an orphan had, for its requests to end
}

// maxKept is how many bytes the orphans of a device may keep.
const maxKept = 64 << 20

var errOrphan = errors.New("the driver has taken the buffer back")

func (q *Queue) newElement(head uint16) *Element {
	d := q.dev
	d.requests++
	e := &Element{queue: q, head: head, who: fmt.Sprintf("%s, request %d", d.Holder(), d.requests)}
	e.Out.e, e.In.e = e, e
	d.HoldInto(&e.hold, qom.HoldIO, e.who, 1)
	return e
}

// Queue returns the queue the element is of.
func (e *Element) Queue() *Queue { return e.queue }

// Name returns what the element's tokens are called.
func (e *Element) Name() string { return e.who }

// Orphan reports whether the queue was reset, or the device went, since the
// element was taken: the driver does not know of it any more, and its memory
// must not be touched.
func (e *Element) Orphan() bool { return e.orphan }

// abandon makes the element an orphan. What the driver handed over is kept, so
// that a write which has begun ends with it.
func (e *Element) abandon() {
	d := e.queue.dev
	if n := e.Out.size; d.kept+n <= maxKept {
		e.Out.kept = e.Out.Bytes(int(n))
		d.kept += n
	}
	e.orphan = true
	d.orphans++
}

// leave takes the element off those in flight.
func (e *Element) leave() {
	q := e.queue
	last := q.out[len(q.out)-1]
	q.out[e.place], last.place = last, e.place
	q.out = q.out[:len(q.out)-1]
}

// Drop ends the element without giving it back.
func (e *Element) Drop() {
	if e.ended {
		return
	}
	if !e.orphan {
		e.leave()
	}
	e.unmap(0)
	e.release()
}

// unmap lets the memory go; of the writable buffers the first n bytes were
// written.
func (e *Element) unmap(n int) {
	for _, m := range e.Out.maps {
		m.Unmap(0)
	}
	for _, m := range e.In.maps {
		m.Unmap(min(n, m.Len()))
		n -= min(n, m.Len())
	}
	e.Out.maps, e.In.maps = nil, nil
}

// release ends the element. The backend, and all around it, may be freed here.
func (e *Element) release() {
	if e.ended {
		return
	}
	e.ended = true
	if len(e.Out.maps)+len(e.In.maps) > 0 {
		e.unmap(0)
	}
	if e.orphan {
		e.queue.dev.orphanEnded(e)
	}
	e.hold.Release()
}

// orphanEnded lets the driver's requests go on that waited for older ones.
func (d *Device) orphanEnded(e *Element) {
	d.kept -= int64(len(e.Out.kept))
	if d.orphans--; d.orphans > 0 || !d.Realized() {
		return
	}
	for _, q := range d.queues {
		q.notify()
	}
}

// collect walks the chain of descriptors, in the ring's table or in an
// indirect one, and maps its buffers. The driver's mistakes break the device.
func (e *Element) collect() bool {
	q := e.queue
	d := q.dev
	table, n := q.rings.desc, uint32(q.size)
	desc := readDescriptor(table, uint64(e.head))
	if desc.flags&descIndirect != 0 {
		if desc.len == 0 || desc.len%descSize != 0 {
			d.Break("Invalid size for indirect buffer table")
			return false
		}
		// A longer table than an element may have buffers is not read further.
		n = min(desc.len/descSize, maxQueue+1)
		s, ok := memory.Find(d.proxy.memory(), desc.addr, int(n)*descSize, e.who)
		if !ok || s.Size < int(n)*descSize {
			if ok {
				s.Release()
			}
			d.Break("Cannot map indirect buffer")
			return false
		}
		defer s.Release()
		table = s
		desc = readDescriptor(table, 0)
	}
	for steps := uint32(1); ; steps++ {
		if !e.add(desc) {
			return false
		}
		if desc.flags&descNext == 0 {
			return true
		}
		i := uint32(desc.next)
		if i >= n {
			d.Break("Desc next is %d", i)
			return false
		}
		if steps >= n {
			d.Break("Looped descriptor")
			return false
		}
		desc = readDescriptor(table, uint64(i))
	}
}

func readDescriptor(s *memory.Section, i uint64) descriptor {
	addr, _ := s.ReadN(i*descSize, 8)
	rest, _ := s.ReadN(i*descSize+8, 8)
	return descriptor{addr, uint32(rest), uint16(rest >> 32), uint16(rest >> 48)}
}

// add maps the buffer of a descriptor.
func (e *Element) add(desc descriptor) bool {
	d := e.queue.dev
	b, dir := &e.Out, memory.ToDevice
	if desc.flags&descWrite != 0 {
		b, dir = &e.In, memory.FromDevice
	} else if len(e.In.maps) > 0 {
		d.Break("Incorrect order for descriptors")
		return false
	}
	if desc.len == 0 {
		d.Break("virtio: zero sized buffers are not allowed")
		return false
	}
	for addr, left := desc.addr, int(desc.len); left > 0; {
		if len(e.Out.maps)+len(e.In.maps) >= maxQueue {
			d.Break("virtio: too many write descriptors in indirect table")
			return false
		}
		m, err := memory.DMAMap(d.proxy.memory(), addr, left, dir, e.who)
		if err != nil {
			d.Break("virtio: bogus descriptor or out of resources")
			return false
		}
		b.maps = append(b.maps, m)
		b.size += int64(m.Len())
		addr, left = addr+uint64(m.Len()), left-m.Len()
	}
	return true
}

// Len returns the size in bytes.
func (b *Buffer) Len() int64 { return b.size }

// ReadAt reads from the buffer; the end of it is [io.EOF]. It implements
// [io.ReaderAt].
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case !b.e.orphan:
	case b.kept == nil && b.size > 0:
		return 0, errOrphan
	default:
		n := copy(p, b.kept[min(off, int64(len(b.kept))):])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	return b.each(p, off, func(m *memory.Mapping, p []byte, off int64) { m.ReadAt(p, off) })
}

// WriteAt writes to the buffer; bytes beyond its end are refused with
// [io.ErrShortWrite]. Those of an orphan vanish. It implements [io.WriterAt].
func (b *Buffer) WriteAt(p []byte, off int64) (int, error) {
	if b.e.orphan {
		return len(p), nil
	}
	n, err := b.each(p, off, func(m *memory.Mapping, p []byte, off int64) { m.WriteAt(p, off) })
	if err != nil {
		err = io.ErrShortWrite
	}
	return n, err
}

func (b *Buffer) each(p []byte, off int64, f func(m *memory.Mapping, p []byte, off int64)) (int, error) {
	done := 0
	for _, m := range b.maps {
		size := int64(m.Len())
		if off >= size {
			off -= size
			continue
		}
		n := int(min(int64(len(p)-done), size-off))
		if n == 0 {
			break
		}
		f(m, p[done:done+n], off)
		done, off = done+n, 0
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// Bytes returns the first n bytes, fewer when the buffer is shorter.
func (b *Buffer) Bytes(n int) []byte {
	p := make([]byte, min(int64(n), b.size))
	b.ReadAt(p, 0)
	return p
}
