package virtio

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/trace"
)

// maxQueue is the largest size of a queue and the most buffers of one element.
const maxQueue = 1024

// ringAlign is how legacy rings are aligned, VIRTIO 1.2 section 2.7.2.
const ringAlign = 4096

// Queue is a split virtqueue, VIRTIO 1.2 section 2.7.
type Queue struct {
	dev     *Device
	index   int
	maximum uint16 // size offered
	size    uint16 // size in use
	vector  uint16
	enabled bool

	desc, avail, used uint64 // guest addresses
	rings             rings

	lastAvail   uint16 // next entry of the available ring to look at
	seenAvail   uint16 // its index when last read
	usedIndex   uint16
	signalled   uint16 // used index at the last notification
	everSignal  bool
	notifyDrv   bool       // the device wants notifications of available buffers
	out         []*Element // in flight
	again       []uint16   // heads that were in flight at the source of a migration
	taken, done uint64
}

// AddQueue makes another queue of a size the driver may lower; 0 makes one that
// does not exist, which keeps the numbers of others.
func (d *Device) AddQueue(size int) *Queue {
	q := &Queue{dev: d, index: len(d.queues), maximum: uint16(min(size, maxQueue)), notifyDrv: true}
	q.reset()
	d.queues = append(d.queues, q)
	return q
}

// Queue returns the queue of a number, nil when there is none.
func (d *Device) Queue(n int) *Queue {
	if n < 0 || n >= len(d.queues) || d.queues[n].maximum == 0 {
		return nil
	}
	return d.queues[n]
}

// Queues returns how many queues there are.
func (d *Device) Queues() int { return len(d.queues) }

// Index returns the number of the queue.
func (q *Queue) Index() int { return q.index }

// Size returns how many buffers the ring holds.
func (q *Queue) Size() int { return int(q.size) }

// InFlight returns how many elements are out of the ring.
func (q *Queue) InFlight() int { return len(q.out) }

// Counts returns how many elements were taken and how many given back since
// the device was realized.
func (q *Queue) Counts() (taken, done uint64) { return q.taken, q.done }

// Live reports whether the driver set the ring up.
func (q *Queue) Live() bool { return q.enabled && q.desc != 0 }

func (q *Queue) reset() {
	q.abandon()
	q.rings.release()
	q.size, q.vector, q.enabled = q.maximum, NoVector, false
	q.desc, q.avail, q.used = 0, 0, 0
	q.lastAvail, q.seenAvail, q.usedIndex, q.signalled = 0, 0, 0, 0
	q.again = nil
	q.everSignal, q.notifyDrv = false, true
}

// setLegacy places the ring by its page number, VIRTIO 1.2 section 2.7.2.
func (q *Queue) setLegacy(addr uint64) {
	q.rings.release()
	q.desc, q.enabled = addr, addr != 0
	q.avail = addr + 16*uint64(q.size)
	q.used = (q.avail + 6 + 2*uint64(q.size) + ringAlign - 1) &^ (ringAlign - 1)
}

// setSize is the driver's choice: a power of two up to the maximum, or nothing
// happens.
func (q *Queue) setSize(n uint16) {
	if n != 0 && n&(n-1) == 0 && n <= q.maximum {
		q.size = n
		q.rings.release()
	}
}

// abandon makes orphans of what is in flight.
func (q *Queue) abandon() {
	for _, e := range q.out {
		e.abandon()
	}
	q.out = nil
}

// notify handles the driver's notification.
func (q *Queue) notify() {
	if !q.Live() || !q.dev.Running() {
		return
	}
	if t := q.dev.Env().Trace; t.On(trace.VirtioQueueNotify) {
		t.Printf(trace.VirtioQueueNotify, "vdev %p n %d vq %p", q.dev, q.index, q)
	}
	if m, ok := q.dev.Self().(Notified); ok {
		m.Notify(q)
	}
}

// stopQueues lets go of guest memory.
func (d *Device) stopQueues() {
	for _, q := range d.queues {
		q.abandon()
		q.rings.release()
	}
	if d.unlisten != nil {
		d.unlisten()
		d.unlisten = nil
	}
}

// rings are the three parts of a ring in guest memory, found again after each
// change of the topology.
type rings struct{ desc, avail, used *memory.Section }

func (r *rings) release() {
	for _, s := range [...]**memory.Section{&r.desc, &r.avail, &r.used} {
		if *s != nil {
			(*s).Release()
			*s = nil
		}
	}
}

// ready finds the ring in guest memory. A ring that is not wholly in one region
// breaks the device.
func (q *Queue) ready() bool {
	if q.rings.used != nil {
		return true
	}
	d := q.dev
	space, n := d.proxy.memory(), int(q.size)
	for _, part := range [...]struct {
		name string
		into **memory.Section
		addr uint64
		size int
	}{
		{"desc", &q.rings.desc, q.desc, 16 * n},
		{"avail", &q.rings.avail, q.avail, 6 + 2*n},
		{"used", &q.rings.used, q.used, 6 + 8*n},
	} {
		s, ok := memory.NewCache(space, part.addr, part.size, fmt.Sprintf("%s queue %d %s", d.Holder(), q.index, part.name))
		if !ok || s.Size < part.size {
			if ok {
				s.Release()
			}
			q.rings.release()
			d.Break("Cannot map %s", part.name)
			return false
		}
		*part.into = s
	}
	if d.unlisten == nil {
		d.unlisten = d.Env().Memory.Listen(func() {
			for _, q := range d.queues {
				q.rings.release()
			}
		})
	}
	return true
}
