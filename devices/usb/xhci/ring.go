package xhci

// Limits of what is read of rings, which may lead anywhere. Guests have rings of
// a few links and transfers of some hundred blocks at most.
const (
	maxLinks   = 32    // in a row
	maxTD      = 1024  // blocks of one transfer
	maxFetches = 16384 // blocks per ringing of a doorbell
)

// ring is the consumer's end of a command or transfer ring, xHCI 4.9.
type ring struct {
	dequeue uint64
	cycle   bool
}

func newRing(pointer uint64) ring { return ring{pointer &^ 0xf, pointer&1 != 0} }

// pointer is the form contexts keep: the address and the cycle state.
func (r ring) pointer() uint64 {
	if r.cycle {
		return r.dequeue | 1
	}
	return r.dequeue
}

// next takes one block off the ring, following links; false when the ring is
// empty, or the blocks cannot be read, or links lead nowhere.
func (c *Core) next(r *ring, t *trb) bool {
	if r.dequeue == 0 {
		return false
	}
	for links := 0; links <= maxLinks; links++ {
		var b [trbSize]byte
		if c.fetches >= maxFetches || !c.read(r.dequeue, b[:]) {
			return false
		}
		c.fetches++
		t.decode(b[:])
		t.addr, t.cycle = r.dequeue, r.cycle
		if t.has(ctlCycle) != r.cycle {
			return false
		}
		if t.kind() != trbLink {
			r.dequeue += trbSize
			return true
		}
		r.dequeue = t.param &^ 0xf
		if t.has(ctlToggle) {
			r.cycle = !r.cycle
		}
	}
	c.die("ring of links only")
	return false
}

// descriptor takes a whole transfer off the ring into list: the blocks chained
// together, and on control endpoints all stages up to the status. Nothing is
// taken while the guest has not queued all of it. tooLong tells of one that is
// beyond all limits.
func (c *Core) descriptor(r *ring, list []trb) (td []trb, tooLong bool) {
	work := *r
	control := false
	for len(list) < maxTD {
		var t trb
		if !c.next(&work, &t) {
			return nil, false
		}
		list = append(list, t)
		switch t.kind() {
		case trbSetup:
			control = true
		case trbStatus:
			control = false
		}
		if !control && !t.has(ctlChain) {
			*r = work
			return list, false
		}
	}
	return list, true
}
