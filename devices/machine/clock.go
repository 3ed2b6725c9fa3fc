package machine

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/qdev"
)

// ClockMode says how virtual time passes while the machine runs. While it is
// stopped virtual time stands still.
type ClockMode string

// The modes.
const (
	// RealTime follows the host's clock.
	RealTime ClockMode = "real"
	// VirtualTime runs ahead of it: when nothing is left to do, time jumps to
	// the next timer, whatever its distance.
	VirtualTime ClockMode = "virtual"
	// SteppedTime moves only by [Machine.Step], as QEMU's clock does under the
	// qtest accelerator.
	SteppedTime ClockMode = "step"
)

// ClockModes lists the modes.
func ClockModes() []string {
	return []string{string(RealTime), string(VirtualTime), string(SteppedTime)}
}

// clock is the machine's virtual clock. Every timer of a device, of the guest
// and of the monitors' events is one of its timers.
type clock struct {
	do   func(func()) // runs a function under the machine's lock
	mode ClockMode

	mu      sync.Mutex // guards what follows; taken inside the machine's lock
	running bool
	base    int64     // virtual time when it last stood still, ns
	started time.Time // when it went on, while running
	timers  timerHeap
	wake    *time.Timer // for the earliest timer of a running real clock
	seq     uint64
	closed  bool
	firing  sync.WaitGroup
}

var _ qdev.Clock = (*clock)(nil)

// Now returns virtual time in nanoseconds.
func (c *clock) Now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

func (c *clock) nowLocked() int64 {
	if c.running && c.mode == RealTime {
		return c.base + int64(time.Since(c.started))
	}
	return c.base
}

// AfterFunc calls f under the machine's lock once d of virtual time has passed.
func (c *clock) AfterFunc(d time.Duration, f func()) qdev.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	t := &timer{clock: c, at: c.nowLocked() + int64(d), seq: c.seq, f: f}
	heap.Push(&c.timers, t)
	c.armLocked()
	return t
}

// start lets time pass.
func (c *clock) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		c.running, c.started = true, time.Now()
		c.armLocked()
	}
}

// stop freezes time.
func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		c.base = c.nowLocked()
		c.running = false
		c.armLocked()
	}
}

// set moves a clock that stands still to a time.
func (c *clock) set(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = now
}

// armLocked sets the runtime timer for the earliest deadline.
func (c *clock) armLocked() {
	if c.wake != nil {
		if c.wake.Stop() {
			c.firing.Done()
		}
		c.wake = nil
	}
	if c.closed || c.mode != RealTime || !c.running || len(c.timers) == 0 {
		return
	}
	wait := time.Duration(c.timers[0].at - c.nowLocked())
	c.firing.Add(1)
	c.wake = time.AfterFunc(wait, func() {
		defer c.firing.Done()
		c.do(c.fire)
	})
}

// fire runs what is due, under the machine's lock.
func (c *clock) fire() {
	for {
		c.mu.Lock()
		if c.closed || !c.running || len(c.timers) == 0 || c.timers[0].at > c.nowLocked() {
			c.armLocked()
			c.mu.Unlock()
			return
		}
		t := heap.Pop(&c.timers).(*timer)
		c.mu.Unlock()
		t.f()
	}
}

// deadline returns the time until the next timer, and false when there is none or
// the clock stands still.
func (c *clock) deadline() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running || len(c.timers) == 0 {
		return 0, false
	}
	return time.Duration(max(c.timers[0].at-c.nowLocked(), 0)), true
}

// advance moves a stepped clock to an absolute time, running each timer at its
// own moment. It runs under the machine's lock. As in QEMU, whoever steps the
// clock of a stopped machine moves time, but timers wait until it goes on.
// between is called after every timer.
func (c *clock) advance(to int64, between func()) {
	for c.runFirst(to) {
		between()
	}
	c.mu.Lock()
	c.base = max(c.base, to)
	c.mu.Unlock()
}

// runFirst runs the earliest timer if it is due at a time or now, at its own
// moment.
func (c *clock) runFirst(by int64) bool {
	c.mu.Lock()
	if c.closed || !c.running || len(c.timers) == 0 || c.timers[0].at > max(by, c.base) {
		c.mu.Unlock()
		return false
	}
	t := heap.Pop(&c.timers).(*timer)
	c.base = max(c.base, t.at)
	c.mu.Unlock()
	t.f()
	return true
}

// leap runs one timer of a clock that does not follow real time: one that is
// overdue, or with VirtualTime the next one.
func (c *clock) leap() bool {
	switch c.mode {
	case VirtualTime:
		return c.runFirst(math.MaxInt64)
	case SteppedTime:
		return c.runFirst(math.MinInt64)
	}
	return false
}

// close cancels all timers and waits for one that is running. It must be
// called without the machine's lock.
func (c *clock) close() {
	c.mu.Lock()
	c.closed = true
	c.timers = nil
	c.armLocked()
	c.mu.Unlock()
	c.firing.Wait()
}

// timer is one pending call.
type timer struct {
	clock *clock
	at    int64
	seq   uint64 // timers of one moment run in the order they were set
	index int    // in the heap, -1 when out of it
	f     func()
}

// Stop cancels the call and reports whether it was pending.
func (t *timer) Stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.index < 0 || t.index >= len(c.timers) || c.timers[t.index] != t {
		return false
	}
	heap.Remove(&c.timers, t.index)
	c.armLocked()
	return true
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
