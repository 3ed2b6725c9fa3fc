package virtio

// Flags of descriptors, VIRTIO 1.2 section 2.7.5.
const (
	descNext  = 1
	descWrite = 2
)

// Queue is a split ring, VIRTIO 1.2 section 2.7.
type Queue struct {
	d                 *Device
	n, size           int
	desc, avail, used uint64
	notify            uint64
	free              []uint16 // descriptors
	chains            []*chain // by their first descriptor
	added, seen       uint16
}

// buffer is memory for the device to read, or to write.
type buffer struct {
	addr  uint64
	len   int
	write bool
}

// chain is what was made available at once; slot is the driver's name for it.
type chain struct {
	descs []uint16
	bufs  []buffer
	slot  int
	kind  uint32 // of a disk's request
}

// smallRing is the size of rings on which little happens.
const smallRing = 16

// newQueue sets up a queue, nil when the device does not have it.
func (d *Device) newQueue(n int) (*Queue, error) {
	d.setCommon(regQueueSelect, 2, uint64(n))
	most := int(d.common(regQueueSize, 2))
	if most == 0 {
		return nil, nil
	}
	size := d.model.ring(d, n, most)
	d.setCommon(regQueueSize, 2, uint64(size))
	q := &Queue{d: d, n: n, size: size, chains: make([]*chain, size)}
	need := uint64(16*size + 6 + 2*size + 2 + 6 + 8*size)
	at, ok := d.hw.Allocate(roundUp(need))
	if !ok {
		return nil, errMemory
	}
	q.desc, q.avail = at, at+16*uint64(size)
	q.used = (q.avail + 6 + 2*uint64(size) + 3) &^ 3
	d.hw.Write(q.avail, 4, 0) // flags and index: the memory may have been another's
	d.hw.Write(q.used, 4, 0)
	for i := range size {
		q.free = append(q.free, uint16(size-1-i))
	}
	q.notify = d.at[notifyCfg] + d.common(regQueueNotify, 2)*d.mult
	for i, addr := range [...]uint64{q.desc, q.avail, q.used} {
		reg := uint64(regQueueDesc + 8*i)
		d.setCommon(reg, 4, addr&0xffffffff)
		d.setCommon(reg+4, 4, addr>>32)
	}
	d.setCommon(regQueueEnable, 2, 1)
	return q, nil
}

// roundUp returns the power of two from n on.
func roundUp(n uint64) uint64 {
	size := uint64(1)
	for size < n {
		size *= 2
	}
	return size
}

// add makes a chain available, false when there is no room. [Queue.kick] tells
// the device.
func (q *Queue) add(c *chain) bool {
	if len(q.free) < len(c.bufs) {
		return false
	}
	hw := q.d.hw
	c.descs = append(c.descs[:0], q.free[len(q.free)-len(c.bufs):]...)
	q.free = q.free[:len(q.free)-len(c.bufs)]
	for i, b := range c.bufs {
		flags, next := uint64(0), uint64(0)
		if b.write {
			flags |= descWrite
		}
		if i < len(c.bufs)-1 {
			flags |= descNext
			next = uint64(c.descs[i+1])
		}
		at := q.desc + 16*uint64(c.descs[i])
		hw.Write(at, 8, b.addr)
		hw.Write(at+8, 8, uint64(b.len)|flags<<32|next<<48)
	}
	head := c.descs[0]
	q.chains[head] = c
	hw.Write(q.avail+4+2*uint64(int(q.added)%q.size), 2, uint64(head))
	q.added++
	hw.Write(q.avail+2, 2, uint64(q.added))
	return true
}

// kick tells the device that there is something new.
func (q *Queue) kick() { q.d.hw.Write(q.notify, 2, uint64(q.n)) }

// poll takes what came back.
func (q *Queue) poll() {
	if q == nil {
		return
	}
	hw := q.d.hw
	for index := uint16(hw.Read(q.used+2, 2)); q.seen != index; q.seen++ {
		at := q.used + 4 + 8*uint64(int(q.seen)%q.size)
		head, n := hw.Read(at, 4), uint32(hw.Read(at+4, 4))
		if head >= uint64(q.size) || q.chains[head] == nil {
			q.d.fail(errRing)
			return
		}
		c := q.chains[head]
		q.chains[head] = nil
		q.free = append(q.free, c.descs...)
		q.d.model.used(q.d, q, c, n)
	}
}
