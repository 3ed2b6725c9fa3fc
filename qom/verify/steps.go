package verify

import (
	"github.com/qomd/qomd/qom"
)

// do runs one step of a script.
func (r *run) do(th *thread, s *Step) {
	if s.op >= opShare {
		r.offLock(th, s)
		return
	}
	r.lock(th, 0, nil)
	r.underLock(th, s)
	r.unlock(th)
}

func (r *run) underLock(th *thread, s *Step) {
	x := r.at(s.object)
	switch s.op {
	case opUnref:
		x.o.Unref()
		r.model.objects[x.index].creation = false
	case opUnparent:
		x.o.Unparent()
		r.model.objects[x.index].child = false
	case opFind:
		o, _ := r.tree.Resolve(r.path(s.object), "")
		if o == nil {
			return
		}
		if h, ok := o.TryHold(qom.HoldFind, s.token); ok {
			r.fill(s.token, h)
		}
	case opRelease:
		i := r.slotOf[s.token]
		if h := r.slots[i].hold; h != nil {
			r.slots[i].hold = nil
			h.Release()
			r.model.slots[i] = modelSlot{}
		}
	case opLink:
		target, index := r.at(s.from), 0
		if target == nil {
			x.links[0].Set(nil)
		} else {
			x.links[0].Set(target.o)
			index = target.index + 1
		}
		r.model.objects[x.index].links[0] = index
	case opPlug:
		if r.tree.Root().Child(s.object) == nil {
			for _, y := range r.aggregate(r.make(r.label(s.object), true)) {
				r.link(y)
			}
		}
	case opPlugFails:
		r.unplug(th, r.make(r.label(s.object), false))
	case opUnplug:
		r.unplug(th, x)
	case opIntrospect:
		// It has the type of x, but does not take its place.
		before := append([]*record(nil), r.latest...)
		o, err := r.tree.New(s.object)
		copy(r.latest, before)
		if err != nil {
			r.fail("%v", err)
			return
		}
		y := r.byObject[o]
		o.Unref()
		r.model.objects[y.index].creation = false
	}
}

// at returns the latest object of a label, nil when there was none.
func (w *world) at(label string) *record {
	if label == "" {
		return nil
	}
	return w.latest[w.label(label)]
}

// path returns where an object is, or would be, in the tree.
func (w *world) path(label string) string {
	d := &w.cfg.Objects[w.label(label)]
	if d.Parent == "/" {
		return "/" + label
	}
	return w.path(d.Parent) + "/" + label
}

// fill puts a token into a slot of the configuration.
func (w *world) fill(token string, h *qom.Hold) {
	i := w.slotOf[token]
	w.slots[i].hold = h
	w.model.slots[i] = modelSlot{state: slotHeld, on: w.byObject[h.Object()].index}
}

// unplug takes a device out of the tree as devices/qdev does: no reader finds
// it any more, what readers may still see goes after a grace period, and the
// entry of the bus goes after another.
func (r *run) unplug(th *thread, x *record) {
	if x == nil || x.o.Phase() != qom.Live || x.o.Parent() == nil {
		return
	}
	members := r.aggregate(x)
	for _, y := range members {
		if y.view != nil {
			r.park(th, request{name: "unpublish", rec: y, vars: varView})
			if r.published[y.label] == y {
				r.published[y.label] = nil
			}
			r.retire(th, y.view)
		}
	}
	x.o.Unparent()
	r.model.objects[x.index].child = false
	for _, y := range members {
		if y.bus != nil {
			r.retire(th, y.bus)
		}
	}
	if r.model.objects[x.index].creation {
		r.model.objects[x.index].creation = false
		x.o.Unref()
	}
}

// retire queues the release of a token for after a grace period. That it is one,
// and that callbacks run in order, is checked by books of our own.
func (r *run) retire(th *thread, s *slot) {
	r.park(th, request{name: "retire", rec: r.records[r.model.slotOf(r.slots, s).on], what: s.name, vars: varPin})
	entry := retired{s, r.epoch}
	r.queue = append(r.queue, entry)
	r.epoch++
	r.reclaimSoon = true
	r.reclaimer.Retire(s.name, func() {
		if len(r.queue) == 0 || r.queue[0] != entry {
			r.fail("%s is released out of order", s.name)
			return
		}
		if set := r.blockers(entry.epoch); set != 0 {
			r.fail("%s is released while readers may see it (threads %b)", s.name, set)
		}
		r.queue = r.queue[1:]
		h := s.hold
		s.hold = nil
		h.Release()
		*r.model.slotOf(r.slots, s) = modelSlot{}
		// The reclaimer now looks whether the next is due.
		r.park(r.current, request{name: "grace", vars: varPin})
	})
}

// blockers returns the threads pinned in an epoch or before.
func (r *run) blockers(epoch uint64) (set threadSet) {
	for _, th := range r.threads {
		if th.pinned && th.epoch <= epoch {
			set |= 1 << th.id
		}
	}
	return set
}

// reclaim is the service that runs callbacks after their grace period. It
// looks when something was queued, and then when it is woken: a wake-up that is
// lost shows as callbacks left at the end.
func (r *run) reclaim(th *thread) {
	for {
		th.begin(0)
		r.lock(th, varPin, func() bool { return r.reclaimSoon })
		r.reclaimSoon = false
		r.reclaimer.Run()
		r.waiting = r.reclaimer.Len() > 0
		r.unlock(th)
	}
}

// mainLoop is the service that releases what was handed in off the lock. It
// sleeps until the core wakes it: a wake-up that is lost shows as tokens left
// in the queue at the end.
func (r *run) mainLoop(th *thread) {
	for {
		th.begin(0)
		r.lock(th, varQueue, func() bool { return r.woken })
		r.woken = false
		r.tree.Drain()
		r.unlock(th)
	}
}

// offLock runs a step that needs no lock.
func (r *run) offLock(th *thread, s *Step) {
	switch s.op {
	case opShare:
		if h := r.slots[r.slotOf[s.from]].hold; h != nil {
			into := new(qom.Hold)
			h.Share(into, qom.HoldIO, s.token)
			r.fill(s.token, into)
		}
	case opAsync:
		i := r.slotOf[s.token]
		if h := r.slots[i].hold; h != nil {
			h.ReleaseAsync()
			r.slots[i].hold = nil
			r.model.slots[i].state = slotQueued
		}
	case opPin:
		r.park(th, request{name: "pin", vars: varPin})
		th.pinned, th.epoch, th.unpin = true, r.epoch, r.reclaimer.Pin()
	case opLoad:
		r.park(th, request{name: "load", vars: varView, what: s.object})
		th.loaded = r.published[r.label(s.object)]
	case opUse:
		if x := th.loaded; x != nil {
			r.park(th, request{name: "use", rec: x, vars: varObject(x.label)})
			if x.o.Phase() == qom.Freed {
				r.fail("%v is used by a reader after its storage was freed", x)
			}
		}
	case opUnpin:
		r.park(th, request{name: "unpin", vars: varPin})
		th.pinned, th.loaded = false, nil
		th.unpin()
	}
}
