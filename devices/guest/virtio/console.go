package virtio

// Messages of the control queues, VIRTIO 1.2 section 5.3.6.2.
const (
	deviceReady = 0
	portAdd     = 1
	portReady   = 3
	portConsole = 4
	portOpen    = 6

	multiport      = 1 // feature
	controlIn      = 2 // queues
	controlOut     = 3
	messageSize    = 8
	messageRoom    = 128 // a message with a name behind it
	messageBuffers = 8
)

// console drives a virtio-serial device: it takes every port that comes, and
// opens those that are consoles, as Linux does.
type console struct {
	memory uint64
	free   []int // of the messages to the device
}

// ring implements [model].
func (*console) ring(_ *Device, _, most int) int { return min(most, smallRing) }

func (c *console) start(d *Device) {
	*c = console{}
	if !d.has(multiport) || len(d.queues) <= controlOut {
		return
	}
	at, ok := d.hw.Allocate(messageBuffers * messageSize)
	if !ok {
		d.fail(errMemory)
		return
	}
	c.memory = at
	for i := range messageBuffers {
		c.free = append(c.free, i)
	}
	d.queues[controlIn].fill(messageBuffers, messageRoom)
	c.send(d, 0, deviceReady)
}

// send sends a message with the value 1.
func (c *console) send(d *Device, port uint32, event uint16) {
	if len(c.free) == 0 {
		d.queues[controlOut].poll() // the device takes them at once
	}
	if len(c.free) == 0 {
		return
	}
	i := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	at := c.memory + uint64(i*messageSize)
	d.hw.Write(at, 8, uint64(port)|uint64(event)<<32|1<<48)
	q := d.queues[controlOut]
	q.add(&chain{slot: i, bufs: []buffer{{addr: at, len: messageSize}}})
	q.kick()
}

func (c *console) used(d *Device, q *Queue, ch *chain, n uint32) {
	switch q.n {
	case controlOut:
		c.free = append(c.free, ch.slot)
	case controlIn:
		msg := d.hw.Read(ch.bufs[0].addr, 8)
		q.add(ch)
		q.kick()
		if n < messageSize {
			return
		}
		switch port := uint32(msg); uint16(msg >> 32) {
		case portAdd:
			c.send(d, port, portReady)
		case portConsole:
			c.send(d, port, portOpen)
		}
	}
}

func (*console) configured(*Device) {}
func (*console) busy() int          { return 0 }
