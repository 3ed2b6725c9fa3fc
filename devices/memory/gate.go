package memory

import "sync/atomic"

// Gate keeps late accesses out of a device. A device closes its gate as the
// first act of unrealizing; from then on the callbacks of its regions are never
// entered, however the access got there: by an old view, a cached region or a
// look-up result. The access is answered as the address will answer once the
// region is gone: memory reads 0 with a decode error, a port reads all ones.
//
// QEMU has no such gate; it marks the moment by clearing the device's realized
// flag and runs the old callbacks. The zero value is open. Closed and the
// counters may be read by any goroutine.
type Gate struct {
	closed atomic.Bool
	reads  atomic.Uint64
	writes atomic.Uint64
	busy   bool // a callback of the device is running
}

// Gated is implemented by the owner of regions that may be late: by every
// device. A region of an owner that does not implement it asks the owner's
// composition parents.
type Gated interface {
	Gate() *Gate
}

// Close makes every further access late.
func (g *Gate) Close() { g.closed.Store(true) }

// Open admits accesses again, for a device that is realized once more.
func (g *Gate) Open() { g.closed.Store(false) }

// Closed reports whether accesses are late.
func (g *Gate) Closed() bool { return g.closed.Load() }

// Late returns how many reads and writes came late and were kept out.
func (g *Gate) Late() (reads, writes uint64) { return g.reads.Load(), g.writes.Load() }

// Busy reports whether a callback of the device is running: the device would
// be re-entered by an access now.
func (g *Gate) Busy() bool { return g.busy }

// gateOf finds the gate of a region, once it has one.
func (r *Region) gateOf() *Gate {
	if r.gate != nil {
		return r.gate
	}
	for o := r.owner; o != nil; o = o.Parent() {
		if d, ok := o.Self().(Gated); ok {
			r.gate = d.Gate()
			break
		}
	}
	return r.gate
}
