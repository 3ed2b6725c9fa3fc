package block

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Limits of throttling, by QEMU's names: bytes or operations per second, 0 for
// no limit.
type Limits struct {
	BPS    int64 `json:"bps"`
	BPSRd  int64 `json:"bps_rd"`
	BPSWr  int64 `json:"bps_wr"`
	IOPS   int64 `json:"iops"`
	IOPSRd int64 `json:"iops_rd"`
	IOPSWr int64 `json:"iops_wr"`
}

// maxLimit is the highest limit that QEMU takes.
const maxLimit = int64(1e15)

// Check refuses limits that do not fit together.
func (l Limits) Check() error {
	switch {
	case l.BPS != 0 && (l.BPSRd != 0 || l.BPSWr != 0) || l.IOPS != 0 && (l.IOPSRd != 0 || l.IOPSWr != 0):
		return errors.New("bps/iops/max total values and read/write values cannot be used at the same time")
	}
	for _, v := range [...]int64{l.BPS, l.BPSRd, l.BPSWr, l.IOPS, l.IOPSRd, l.IOPSWr} {
		if v < 0 || v > maxLimit {
			return fmt.Errorf("bps/iops/max values must be within [0, %d]", maxLimit)
		}
	}
	return nil
}

// group is a leaky bucket per limit, shared by who is in the group. It takes
// its limits from the user's object each time, which may change them.
type group struct {
	object  *qom.Object // nil: the limits below are all there is
	hold    qom.Hold
	members int // nodes
	all     map[*qom.Object]*group
	now     func() int64

	mu     sync.Mutex
	limits Limits
	free   [6]int64 // when the next request may go, in nanoseconds of virtual time
}

// wait books a request and returns how long it has to wait.
func (g *group) wait(write bool, n int64) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, now := g.limits, g.now()
	rates := [6]int64{l.BPS, l.BPSRd, l.BPSWr, l.IOPS, l.IOPSRd, l.IOPSWr}
	var wait int64
	for i, rate := range rates {
		other := i%3 == 1 && write || i%3 == 2 && !write
		if rate == 0 || other {
			continue
		}
		units := int64(1)
		if i < 3 {
			units = n
		}
		// A bucket holds a tenth of a second, as QEMU's do.
		start := max(g.free[i], now-int64(time.Second)/10)
		wait = max(wait, start-now)
		g.free[i] = start + int64(float64(units)/float64(rate)*float64(time.Second))
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
	g.limits = Limits{get("bps-total"), get("bps-read"), get("bps-write"), get("iops-total"), get("iops-read"), get("iops-write")}
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
