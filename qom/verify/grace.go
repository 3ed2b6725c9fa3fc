package verify

import "github.com/qomd/qomd/qom"

// Reclaimer runs callbacks after a grace period: when every reader is gone that
// was pinned when the callback was queued. The program's own is in
// devices/memory, above this package, and handed in by [Options]; without one a
// small model is used.
type Reclaimer interface {
	// Retire queues a callback, under the lock.
	Retire(what string, fn func())
	// Pin begins a reader's section on any goroutine; unpin ends it.
	Pin() (unpin func())
	// Run runs, under the lock, what is due.
	Run() bool
	// Len returns how many callbacks wait.
	Len() int
}

// NewReclaimer makes a reclaimer for a tree. It calls wake, on any goroutine,
// when a reader that went made callbacks due that a run had found not to be.
type NewReclaimer func(tree *qom.Tree, wake func()) Reclaimer

// grace is the model of a reclaimer.
type grace struct {
	wake    func()
	epoch   uint64
	pins    map[uint64]int // readers by epoch
	queue   []callback
	waiting bool // a run found a callback that was not due
}

type callback struct {
	epoch uint64
	fn    func()
}

func newGrace(_ *qom.Tree, wake func()) Reclaimer {
	return &grace{wake: wake, pins: map[uint64]int{}}
}

func (g *grace) Retire(_ string, fn func()) {
	g.queue = append(g.queue, callback{g.epoch, fn})
	g.epoch++ // readers that pin from now on do not see what goes
}

func (g *grace) Pin() (unpin func()) {
	epoch := g.epoch
	g.pins[epoch]++
	return func() {
		if g.pins[epoch]--; g.pins[epoch] == 0 {
			delete(g.pins, epoch)
		}
		if g.waiting && g.due() {
			g.waiting = false
			g.wake()
		}
	}
}

// due reports whether the oldest callback may run.
func (g *grace) due() bool {
	for epoch := range g.pins {
		if epoch <= g.queue[0].epoch {
			return false
		}
	}
	return true
}

func (g *grace) Run() bool {
	did := false
	for len(g.queue) > 0 {
		if g.waiting = !g.due(); g.waiting {
			break
		}
		c := g.queue[0]
		g.queue = g.queue[1:]
		c.fn()
		did = true
	}
	return did
}

func (g *grace) Len() int { return len(g.queue) }
