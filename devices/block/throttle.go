package block

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// group is a leaky bucket per limit, shared by who is in the group. It takes
// its limits from the user's object each time, which may change them.
type group struct {
	name    string      // of a group of drives
	object  *qom.Object // nil: the limits below are all there is
	hold    qom.Hold
	members int // nodes
	all     map[*qom.Object]*group
	now     func() int64

	mu     sync.Mutex
	limits Limits
	free   [6]int64 // when the next request may go, in nanoseconds of virtual time
}

// Throttle holds reads and writes to limits, of whatever they are.
type Throttle struct{ group group }

// NewThrottle makes a throttle; now tells virtual time in nanoseconds.
func NewThrottle(l Limits, now func() int64) *Throttle {
	return &Throttle{group{limits: l, now: now}}
}

// Wait books a read or write of n bytes, and returns how long it has to wait.
func (t *Throttle) Wait(write bool, n int64) time.Duration { return t.group.wait(write, n) }

// wait books a request and returns how long it has to wait.
func (g *group) wait(write bool, n int64) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, now := g.limits, g.now()
	var wait int64
	for i, b := range l.buckets() {
		other := i%3 == 1 && write || i%3 == 2 && !write
		if b.rate == 0 || other {
			continue
		}
		units := int64(1)
		switch {
		case i < 3:
			units = n
		case l.IOPSSize > 0:
			units = max((n+l.IOPSSize-1)/l.IOPSSize, 1)
		}
		second := float64(time.Second) / float64(b.rate)
		start := max(g.free[i], now-int64(b.room()*second))
		wait = max(wait, start-now)
		g.free[i] = start + int64(float64(units)*second)
	}
	return time.Duration(wait)
}

// update takes the limits over from the user's object.
func (g *group) update() {
	if g.object == nil {
		return
	}
	v, err := g.object.Get("limits")
	o, ok := v.(*qjson.Object)
	if err != nil || !ok {
		return
	}
	get := func(name string) int64 {
		v, _ := o.Get(name)
		n, _ := qjson.Int(v)
		return n
	}
	g.mu.Lock()
	g.limits = Limits{
		BPS: get("bps-total"), BPSRd: get("bps-read"), BPSWr: get("bps-write"),
		IOPS: get("iops-total"), IOPSRd: get("iops-read"), IOPSWr: get("iops-write"),
		Bursts: Bursts{
			get("bps-total-max"), get("bps-read-max"), get("bps-write-max"), get("iops-total-max"), get("iops-read-max"), get("iops-write-max"),
			get("bps-total-max-length"), get("bps-read-max-length"), get("bps-write-max-length"),
			get("iops-total-max-length"), get("iops-read-max-length"), get("iops-write-max-length"), get("iops-size"),
		},
	}
	g.mu.Unlock()
}

// leave ends the membership of a node.
func (g *group) leave() {
	if g.members--; g.members == 0 {
		delete(g.all, g.object)
		g.hold.Release()
	}
}

func openThrottle(n *Node, o *qjson.Object) error {
	name, ok := text(o, "throttle-group")
	if !ok {
		return errors.New("Please specify a throttle group")
	}
	object, _ := n.g.opts.Env.Tree.Resolve("/objects/"+name, "throttle-group")
	if object == nil {
		return fmt.Errorf("Throttle group '%s' does not exist", name)
	}
	t := n.g.groups[object]
	if t == nil {
		t = &group{object: object, all: n.g.groups, now: n.g.now}
		object.HoldInto(&t.hold, qom.HoldBackend, "block node "+n.name, 1)
		n.g.groups[object] = t
	}
	t.members++
	n.group = t
	n.img = &throttledImage{childImage: childImage{edge: n.primary(), size: -1}, group: n.group}
	return nil
}

// throttledImage makes requests wait for their group.
type throttledImage struct {
	childImage
	group *group
}

func (i *throttledImage) pace(write bool, n int64) time.Duration {
	i.group.update()
	return i.group.wait(write, n) + i.childImage.pace(write, n)
}

// now returns virtual time in nanoseconds.
func (g *Graph) now() int64 {
	if g.opts.Env.Clock == nil {
		return 0
	}
	return g.opts.Env.Clock.Now()
}
