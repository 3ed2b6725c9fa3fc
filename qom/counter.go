package qom

import (
	"runtime"
	"sync/atomic"
)

// counter is a logical count, minus one, together with the lock of the ledger
// of its object: one word, so that an entry and its reference appear, and go,
// in a single step, and a reader never sees one without the other.
type counter struct{ word atomic.Uint64 }

// held is the bit of the word that says that the ledger is being changed.
const held = 1 << 63

// Load returns the count. During a change it is the one from before.
func (c *counter) Load() uint32 { return uint32(c.word.Load()) }

// lock keeps others from the count and the ledger for the few instructions
// until unlock, and returns the count.
func (c *counter) lock() uint32 {
	w := c.word.Load() &^ held
	if c.word.CompareAndSwap(w, w|held) {
		return uint32(w)
	}
	return c.lockSlow()
}

// lockSlow waits for another goroutine, which may have been interrupted.
func (c *counter) lockSlow() uint32 {
	for n := 0; ; n++ {
		if w := c.word.Load(); w&held == 0 && c.word.CompareAndSwap(w, w|held) {
			return uint32(w)
		}
		if n >= 16 {
			runtime.Gosched()
		}
	}
}

// unlock publishes a new count.
func (c *counter) unlock(n uint32) { c.word.Store(uint64(n)) }
