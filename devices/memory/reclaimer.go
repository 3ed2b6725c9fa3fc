package memory

import (
	"fmt"
	"sync"

	"github.com/qomd/qomd/qom"
)

// Callback is a function waiting for a grace period. It is usually a field of
// what it takes down; the zero value with What and Fn set is ready.
type Callback struct {
	What string // for the log and for violations: "flat view 3 of system"
	Fn   func() // runs once, under the machine's lock

	epoch  uint64
	queued bool
	next   *Callback
}

// Queued reports whether the callback is waiting.
func (c *Callback) Queued() bool { return c.queued }

// Reclaimer runs callbacks in the order they were queued, each after a grace
// period: when every reader that was pinned at the time it was queued has gone.
// It corresponds to the callback thread of QEMU's RCU, but has no goroutine:
// the machine runs it under its lock, with [System.Settle].
type Reclaimer struct {
	// Wake is called, from any goroutine, when a reader that went made
	// callbacks due; its owner then arranges a run. May be nil.
	Wake func()

	tree        *qom.Tree
	first, last *Callback
	n           int
	stalled     bool
	running     bool
	ran         uint64

	mu      sync.Mutex // guards the following, which readers touch off the lock
	epoch   uint64
	pins    []pinCount // ascending epochs, all counts above 0
	waiting bool       // a run found a callback that a reader kept from running
}

// pinCount is how many readers pinned in one epoch.
type pinCount struct {
	epoch uint64
	n     int
}

// Retire queues fn for after a grace period; what says what goes. It may be
// called by a callback.
func (r *Reclaimer) Retire(what string, fn func()) {
	r.Queue(&Callback{What: what, Fn: fn})
}

// Queue is Retire for a callback that is a field of its object. Queueing it
// while it waits is a violation: in QEMU the second silently replaces the
// first.
func (r *Reclaimer) Queue(c *Callback) {
	if c.queued {
		r.violation(c, "callback queued twice")
		return
	}
	c.queued = true
	r.mu.Lock()
	c.epoch = r.epoch
	r.epoch++ // readers that pin from now on cannot see what c takes down
	r.mu.Unlock()
	if r.last == nil {
		r.first = c
	} else {
		r.last.next = c
	}
	r.last = c
	r.n++
}

func (r *Reclaimer) violation(c *Callback, text string) {
	v := qom.Violation{Kind: qom.ViolationToken, Type: c.What, Text: text}
	if r.tree.OnViolation == nil {
		panic(v)
	}
	r.tree.OnViolation(v)
}

// Len returns how many callbacks wait.
func (r *Reclaimer) Len() int { return r.n }

// Ran returns how many callbacks have run.
func (r *Reclaimer) Ran() uint64 { return r.ran }

// Waiting lists what waits, oldest first.
func (r *Reclaimer) Waiting() []string {
	var list []string
	for c := r.first; c != nil; c = c.next {
		list = append(list, c.What)
	}
	return list
}

// Stall stops the reclaimer, for tests that show that nothing depends on its
// speed; false lets it go on with the next run.
func (r *Reclaimer) Stall(stalled bool) { r.stalled = stalled }

// Stalled reports whether the reclaimer is stopped.
func (r *Reclaimer) Stalled() bool { return r.stalled }

// Step runs one batch: the callbacks that wait now and are due, not those
// which they queue. It works on a stalled reclaimer too, which is how tests
// count grace periods. It returns how many ran.
func (r *Reclaimer) Step() int {
	if r.running || r.first == nil {
		return 0
	}
	r.running = true
	defer func() { r.running = false }()
	end, n := r.last, 0
	for c := r.first; c != nil && r.due(c); c = r.first {
		r.first, c.next = c.next, nil
		if r.first == nil {
			r.last = nil
		}
		r.n--
		n++
		r.ran++
		c.queued = false
		c.Fn()
		if c == end {
			break
		}
	}
	return n
}

// Run runs batches until the queue is empty, or held up by a reader, twice in
// a row: a callback may queue another. It reports whether any ran. It does
// nothing when stalled, or when called by a callback.
func (r *Reclaimer) Run() bool {
	if r.stalled || r.running {
		return false
	}
	did := false
	for empty := 0; empty < 2; {
		if r.Step() == 0 {
			empty++
			continue
		}
		did, empty = true, 0
	}
	return did
}

// due reports whether all readers that were pinned when c was queued are gone.
func (r *Reclaimer) due(c *Callback) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := len(r.pins) == 0 || r.pins[0].epoch > c.epoch
	r.waiting = !ok
	return ok
}

// String summarizes the queue.
func (r *Reclaimer) String() string { return fmt.Sprintf("reclaimer: %d waiting, %d ran", r.n, r.ran) }
