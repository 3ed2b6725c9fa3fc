package virtio

// receiver drives a device that is only to have buffers for what comes in. What
// came is not looked at, and its buffer is given back.
type receiver struct {
	queue, count, size int
	once               bool // one fill is enough
}

// ring implements [model].
func (r *receiver) ring(_ *Device, queue, most int) int {
	if queue == r.queue {
		return min(most, int(roundUp(uint64(r.count))))
	}
	return min(most, smallRing)
}

func (r *receiver) start(d *Device) {
	if r.queue < len(d.queues) {
		d.queues[r.queue].fill(r.count, r.size)
	}
}

func (r *receiver) used(_ *Device, q *Queue, c *chain, _ uint32) {
	if q.n == r.queue && !r.once {
		q.add(c)
		q.kick()
	}
}

func (*receiver) configured(*Device) {}
func (*receiver) busy() int          { return 0 }

// fill makes buffers available for the device to write.
func (q *Queue) fill(count, size int) {
	if q == nil {
		return
	}
	at, ok := q.d.hw.Allocate(roundUp(uint64(count * size)))
	if !ok {
		q.d.fail(errMemory)
		return
	}
	for i := range count {
		q.add(&chain{slot: i, bufs: []buffer{{addr: at + uint64(i*size), len: size, write: true}}})
	}
	q.kick()
}
