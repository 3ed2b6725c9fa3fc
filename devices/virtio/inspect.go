package virtio

// State is what can be seen of a device from outside.
type State struct {
	Offered, Accepted uint64 // features
	Status, ISR       uint8
	Selected          uint16 // queue the driver looks at
	Queues            int    // those before the first that does not exist
	Broken, Disabled  bool
	Bus               string // name of the bus that the device offers
}

// Inspect returns the state of the device. The device offers what a driver
// takes by mistake, too: that is how QEMU finds such drivers.
func (d *Device) Inspect() State {
	s := State{
		Offered: d.offered | 1<<featureBad, Accepted: d.accepted, Status: d.status, ISR: d.isr,
		Selected: d.selected, Broken: d.broken, Disabled: d.disabled,
	}
	for s.Queues < len(d.queues) && d.queues[s.Queues].maximum > 0 {
		s.Queues++
	}
	if len(d.Buses()) > 0 {
		s.Bus = d.Buses()[0].BusName()
	}
	return s
}

// QueueState is what can be seen of a queue from outside.
type QueueState struct {
	InUse                int // elements out of the ring
	Size, Maximum, Align uint32
	Desc, Avail, Used    uint64 // guest addresses
	LastAvail, SeenAvail uint16
	UsedIndex, Signalled uint16
	EverSignalled        bool
}

// Inspect returns the state of the queue.
func (q *Queue) Inspect() QueueState {
	return QueueState{
		InUse: len(q.out), Size: uint32(q.size), Maximum: uint32(q.maximum), Align: ringAlign,
		Desc: q.desc, Avail: q.avail, Used: q.used, LastAvail: q.lastAvail, SeenAvail: q.seenAvail,
		UsedIndex: q.usedIndex, Signalled: q.signalled, EverSignalled: q.everSignal,
	}
}

// A Chain is what stands in guest memory about an element.
type Chain struct {
	Head                  uint16
	Descriptors           []Descriptor // in the order of the chain
	AvailFlags, UsedFlags uint16
	AvailIndex, UsedIndex uint16
}

// Descriptor is one entry of a descriptor table.
type Descriptor struct {
	Addr  uint64
	Len   uint32
	Flags uint16
}

// Peek reads the element at an index of the available ring without taking it;
// a negative one stands for the next to be taken. It reports false while the
// driver has not set the ring up.
func (q *Queue) Peek(index int) (Chain, bool) {
	if !q.Live() || q.dev.proxy == nil {
		return Chain{}, false
	}
	space := q.dev.proxy.memory()
	read := func(addr uint64, size int) uint64 { v, _ := space.ReadN(addr, size); return v }
	if index < 0 {
		index = int(q.lastAvail)
	}
	c := Chain{
		Head:       uint16(read(q.avail+4+2*uint64(index%int(q.size)), 2)),
		AvailFlags: uint16(read(q.avail, 2)), AvailIndex: uint16(read(q.avail+2, 2)),
		UsedFlags: uint16(read(q.used, 2)), UsedIndex: uint16(read(q.used+2, 2)),
	}
	table, most := q.desc, uint64(q.size)
	i := uint64(c.Head)
	for i < most && len(c.Descriptors) < maxQueue {
		at := table + descSize*i
		d := Descriptor{read(at, 8), uint32(read(at+8, 4)), uint16(read(at+12, 2))}
		if d.Flags&descIndirect != 0 && table == q.desc {
			table, most, i = d.Addr, uint64(d.Len/descSize), 0
			continue
		}
		c.Descriptors = append(c.Descriptors, d)
		if d.Flags&descNext == 0 {
			break
		}
		i = read(at+14, 2)
	}
	return c, true
}
