package xhci

import "encoding/binary"

// interrupter is the producer's end of an event ring, xHCI 4.9.4. Its registers
// are in the runtime block.
type interrupter struct {
	start   uint64 // of the only segment
	size    uint32 // in blocks; 0: no ring
	enqueue uint32
	cycle   bool
}

// event is what is told to the guest.
type event struct {
	kind     int
	code     code
	pointer  uint64
	length   uint32 // 24 bits
	slot     int
	endpoint int
	flags    uint32
}

// resetRing reads the segment table of an interrupter, whose registers were
// written. The controller announces that it knows tables of one entry.
func (c *Core) resetRing(i int) {
	v := &c.intrs[i]
	*v = interrupter{}
	n := c.runtime.GetAt(rtERSTSize, i)
	base := c.runtime.GetAt(rtERSTLow, i) | c.runtime.GetAt(rtERSTHigh, i)<<32
	if n == 0 || base == 0 {
		return
	}
	if n != 1 {
		c.die("event ring segment table with more than one entry")
		return
	}
	var b [16]byte
	if !c.read(base, b[:]) {
		return
	}
	size := binary.LittleEndian.Uint32(b[8:])
	if size < 16 || size > 4096 {
		c.die("event ring segment of a size out of range")
		return
	}
	*v = interrupter{start: binary.LittleEndian.Uint64(b[:]) &^ 0x3f, size: size, cycle: true}
}

// dequeued returns the index up to which the guest has seen events; false when
// its pointer is not in the ring.
func (c *Core) dequeued(i int) (uint32, bool) {
	v := &c.intrs[i]
	p := (c.runtime.GetAt(rtERDPLow, i) &^ 0xf) | c.runtime.GetAt(rtERDPHigh, i)<<32
	if p < v.start || p >= v.start+uint64(v.size)*trbSize {
		return 0, false
	}
	return uint32((p - v.start) / trbSize), true
}

// tell puts an event into a ring and interrupts the guest. When there is room
// for one more event only, that one says that the ring is full; then events are
// lost, xHCI 4.9.4.
func (c *Core) tell(i int, e event) {
	if i < 0 || i >= len(c.intrs) || c.failed() {
		return
	}
	v := &c.intrs[i]
	if v.size == 0 {
		return
	}
	seen, ok := c.dequeued(i)
	if !ok {
		c.die("event ring dequeue pointer outside of the ring")
		return
	}
	switch {
	case (v.enqueue+1)%v.size == seen:
		return
	case (v.enqueue+2)%v.size == seen:
		c.put(i, event{kind: evHostController, code: ccEventRingFull})
	default:
		c.put(i, e)
	}
	c.raise(i)
}

func (c *Core) put(i int, e event) {
	v := &c.intrs[i]
	t := trb{
		param:   e.pointer,
		status:  e.length&0xffffff | uint32(e.code)<<24,
		control: uint32(e.slot)<<24 | uint32(e.endpoint)<<16 | uint32(e.kind)<<10 | e.flags,
	}
	if v.cycle {
		t.control |= ctlCycle
	}
	var b [trbSize]byte
	t.encode(b[:])
	if !c.write(v.start+uint64(v.enqueue)*trbSize, b[:]) {
		return
	}
	if v.enqueue++; v.enqueue == v.size {
		v.enqueue, v.cycle = 0, !v.cycle
	}
}

// raise interrupts for a ring that has something new, unless the guest is at it
// already.
func (c *Core) raise(i int) {
	busy := c.runtime.GetAt(rtERDPLow, i)&erdpBusy != 0
	c.runtime.SetBits(rtERDPLow, i, erdpBusy)
	c.runtime.SetBits(rtIMAN, i, imanPending)
	c.oper.SetBits(opUSBSTS, 0, stsInterrupt)
	if !busy {
		c.updateInterrupt(i)
	}
}

// updateInterrupt brings the line up to date, or sends the message that is due.
// A message takes the pending bit with it, xHCI 4.17.5.
func (c *Core) updateInterrupt(i int) {
	iman := c.runtime.GetAt(rtIMAN, i)
	level := iman&imanPending != 0 && iman&imanEnable != 0 && c.oper.Get(opUSBCMD)&cmdInterrupts != 0
	c.access++
	sent := c.host.interrupt(i, level)
	c.access--
	if sent {
		c.runtime.ClearBits(rtIMAN, i, imanPending)
	}
}
