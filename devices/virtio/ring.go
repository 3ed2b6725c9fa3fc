package virtio

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/trace"
)

// Bits of descriptors and of the ring flags, VIRTIO 1.2 sections 2.7.5 to
// 2.7.8.
const (
	descNext     = 1
	descWrite    = 2
	descIndirect = 4
	descSize     = 16

	availNoInterrupt = 1
	usedNoNotify     = 1
)

// descriptor is one entry of a descriptor table.
type descriptor struct {
	addr        uint64
	len         uint32
	flags, next uint16
}

// word reads two bytes of a ring; what cannot be read is zero.
func word(s *memory.Section, off uint64) uint16 {
	v, _ := s.ReadN(off, 2)
	return uint16(v)
}

// available returns how many elements the driver offers. An index further
// ahead than the ring is long breaks the device.
func (q *Queue) available() int {
	if q.seenAvail == q.lastAvail {
		q.seenAvail = word(q.rings.avail, 2)
	}
	n := q.seenAvail - q.lastAvail
	if n > q.size {
		q.dev.Break("Guest moved used index from %d to %d", q.lastAvail, q.seenAvail)
		return 0
	}
	return int(n)
}

// Empty reports whether the driver offers nothing.
func (q *Queue) Empty() bool {
	return !q.Live() || !q.dev.Running() || !q.ready() || len(q.again) == 0 && q.available() == 0
}

// Pop takes the next element, nil when there is none or the ring is broken.
// The caller ends it with [Queue.Push], or gives it up with [Element.Drop].
func (q *Queue) Pop() *Element {
	if q.Empty() {
		return nil
	}
	d := q.dev
	if len(q.out) >= int(q.size) {
		d.Break("Virtqueue size exceeded")
		return nil
	}
	head := q.nextHead()
	if head >= q.size {
		d.Break("Guest says index %d is available", head)
		return nil
	}
	e := q.newElement(head)
	if !e.collect() {
		e.release()
		return nil
	}
	e.place = len(q.out)
	q.out = append(q.out, e)
	q.taken++
	return e
}

// nextHead takes the next entry of the available ring, or one that was taken
// before and did not end where it was.
func (q *Queue) nextHead() uint16 {
	if len(q.again) > 0 {
		head := q.again[0]
		q.again = q.again[1:]
		return head
	}
	head := word(q.rings.avail, 4+2*uint64(q.lastAvail%q.size))
	if head >= q.size {
		return head
	}
	q.lastAvail++
	if q.dev.Accepted(FeatureEventIndex) {
		q.rings.used.WriteN(4+8*uint64(q.size), 2, uint64(q.lastAvail))
	}
	return head
}

// Each pops elements and hands them to f, at most as many as the ring holds:
// a driver that has the rings overlap cannot keep the device busy.
func (q *Queue) Each(f func(e *Element)) {
	for range q.size {
		e := q.Pop()
		if e == nil {
			return
		}
		f(e)
	}
}

// giveBack returns elements as if they had not been taken.
func (q *Queue) giveBack(list []*Element) {
	for _, e := range list {
		q.again = append(q.again, e.head)
		q.taken--
		e.Drop()
	}
}

// Push gives an element back to the driver: n bytes were written to it. The
// driver is told by [Queue.Signal]. After a reset the element is an orphan, and
// only what it holds is released.
func (q *Queue) Push(e *Element, n uint32) {
	if e.ended {
		return
	}
	if e.Orphan() {
		e.Drop()
		return
	}
	e.unmap(int(n))
	e.leave()
	q.done++
	if q.dev.proxy != nil && q.Live() && !q.dev.broken && q.ready() {
		at := 4 + 8*uint64(q.usedIndex%q.size)
		q.rings.used.WriteN(at, 4, uint64(e.head))
		q.rings.used.WriteN(at+4, 4, uint64(n))
		q.usedIndex++
		q.rings.used.WriteN(2, 2, uint64(q.usedIndex))
		// Half the range of indexes behind, what was signalled tells nothing.
		if int16(q.usedIndex-q.signalled) < 0 {
			q.everSignal = false
		}
	}
	e.release()
}

// Signal tells the driver that elements came back, unless it does not want to
// know.
func (q *Queue) Signal() {
	d := q.dev
	if d.proxy == nil || d.broken || !q.Live() || !q.ready() || !q.wanted() {
		return
	}
	if t := d.Env().Trace; t.On(trace.VirtioNotify) {
		t.Printf(trace.VirtioNotify, "vdev %p vq %p", d, q)
	}
	d.isr |= isrQueue
	d.proxy.interrupt(q.vector)
}

// wanted reports whether the driver wants an interrupt, VIRTIO 1.2 section
// 2.7.7.
func (q *Queue) wanted() bool {
	d := q.dev
	if d.Accepted(FeatureNotifyOnEmpty) && len(q.out) == 0 && q.available() == 0 {
		return true
	}
	if !d.Accepted(FeatureEventIndex) {
		return word(q.rings.avail, 0)&availNoInterrupt == 0
	}
	first := !q.everSignal
	old, now := q.signalled, q.usedIndex
	q.signalled, q.everSignal = now, true
	event := word(q.rings.avail, 4+2*uint64(q.size))
	return first || now-event-1 < now-old
}
