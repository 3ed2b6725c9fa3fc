package virtio

// Types of requests, VIRTIO 1.2 section 5.2.6.
const (
	readRequest  = 0
	writeRequest = 1
	flushRequest = 4

	sectorSize = 512
	capacityAt = 0 // in the configuration: sectors
)

// Where the parts of a request are in its slot of memory.
const (
	requestHeader = 0
	requestStatus = 16
	requestData   = sectorSize
	requestSlot   = 8192
	maxData       = requestSlot - requestData // bytes of one request
	perRequest    = 3                         // descriptors
)

// Disk drives a block device. Requests are answered by [Device.Interrupt].
type Disk struct {
	d       *Device
	memory  uint64
	free    []int // slots
	waiting int
	// OnDone is told of each request that came back: its slot, status and data,
	// which is nil for those that do not read.
	OnDone func(slot int, status byte, data []byte)
	// turn counts the reads of Keep.
	turn uint64
}

// ring implements [model]: requests take all the room there is on the first
// queue, others stay empty.
func (*Disk) ring(_ *Device, queue, most int) int {
	if queue == 0 {
		return most
	}
	return min(most, smallRing)
}

func (k *Disk) start(d *Device) {
	*k = Disk{d: d, OnDone: k.OnDone}
	slots := d.queues[0].size / perRequest
	at, ok := d.hw.Allocate(roundUp(uint64(slots) * requestSlot))
	if !ok {
		d.fail(errMemory)
		return
	}
	k.memory = at
	for i := range slots {
		k.free = append(k.free, slots-1-i)
	}
}

// Sectors returns the capacity in sectors of 512 bytes.
func (k *Disk) Sectors() uint64 { return k.d.config(capacityAt, 8) }

// Read asks for n bytes from a sector on. It reports the slot of the request,
// false when no more requests fit.
func (k *Disk) Read(sector uint64, n int) (slot int, ok bool) {
	return k.request(readRequest, sector, n, nil)
}

// Write asks for data to be written from a sector on.
func (k *Disk) Write(sector uint64, data []byte) (slot int, ok bool) {
	return k.request(writeRequest, sector, len(data), data)
}

// Flush asks for what was written to be made durable.
func (k *Disk) Flush() (slot int, ok bool) { return k.request(flushRequest, 0, 0, nil) }

func (k *Disk) request(kind uint32, sector uint64, n int, data []byte) (slot int, ok bool) {
	d := k.d
	if d == nil || d.queues == nil || d.err != nil || len(k.free) == 0 || n > maxData {
		return 0, false
	}
	slot = k.free[len(k.free)-1]
	k.free = k.free[:len(k.free)-1]
	at := k.memory + uint64(slot)*requestSlot
	d.hw.Write(at, 8, uint64(kind))
	d.hw.Write(at+8, 8, sector)
	d.hw.Write(at+requestStatus, 1, 0xff)
	for i, b := range data {
		d.hw.Write(at+requestData+uint64(i), 1, uint64(b))
	}
	c := &chain{slot: slot, kind: kind, bufs: []buffer{{addr: at + requestHeader, len: 16}}}
	if n > 0 {
		c.bufs = append(c.bufs, buffer{addr: at + requestData, len: n, write: kind == readRequest})
	}
	c.bufs = append(c.bufs, buffer{addr: at + requestStatus, len: 1, write: true})
	k.waiting++
	d.queues[0].add(c)
	d.queues[0].kick()
	return slot, true
}

func (k *Disk) used(d *Device, _ *Queue, c *chain, n uint32) {
	at := k.memory + uint64(c.slot)*requestSlot
	k.waiting--
	k.free = append(k.free, c.slot)
	if k.OnDone == nil {
		return
	}
	var data []byte
	if c.kind == readRequest {
		data = make([]byte, max(int(n), 1)-1)
		for i := range data {
			data[i] = byte(d.hw.Read(at+requestData+uint64(i), 1))
		}
	}
	k.OnDone(c.slot, byte(d.hw.Read(at+requestStatus, 1)), data)
}

// Keep asks for single sectors, one after the other, until n requests wait for
// the device.
func (k *Disk) Keep(n int) {
	for k.waiting < n {
		sectors := k.Sectors()
		if sectors == 0 {
			return
		}
		if _, ok := k.Read(k.turn%sectors, sectorSize); !ok {
			return
		}
		k.turn++
	}
}

func (*Disk) configured(*Device) {}
func (k *Disk) busy() int        { return k.waiting }
