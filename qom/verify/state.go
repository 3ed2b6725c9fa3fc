package verify

import (
	"fmt"
	"math/bits"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/internal/probe"
)

// digest is a hash of 128 bits in two independent lanes; in a search of a
// billion states two that share one are not to be expected.
type digest [2]uint64

func (d *digest) add(v uint64) {
	hi, lo := bits.Mul64(d[0]^v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	d[0] = hi ^ lo + 0x2545f4914f6cdd1d
	d[1] = bits.RotateLeft64(d[1]^v*0xff51afd7ed558ccd, 27)*0xc4ceb9fe1a85ec53 + 0x52dce729
}

func (d *digest) flag(b bool) {
	if b {
		d.add(1)
	} else {
		d.add(2)
	}
}

// state digests all that can make a difference from here on, and checks on the
// way the rules that hold at any time.
func (r *run) state() digest {
	var d digest
	var v probe.Object
	for _, x := range r.records {
		r.tree.Observe(x.o, &v, r.identify)
		r.rules(x, &v)
		parent := uint64(0)
		if p := x.o.Parent(); p != nil {
			parent = r.identify(p)
		}
		d.add(uint64(v.Ref)<<32 | uint64(v.StorageRef))
		d.add(uint64(v.Tokens)<<40 | uint64(v.Properties)<<32 | parent<<8 | uint64(x.o.Phase()))
		d.add(v.Children)
		d.flag(v.Creation)
		d.flag(x.emitted)
		d.flag(x.realized)
		m := &r.model.objects[x.index]
		d.flag(m.creation)
		d.flag(m.child)
		for i, l := range x.links {
			t := uint64(0)
			if target := l.Target(); target != nil {
				t = r.identify(target)
			}
			d.add(t<<8 | uint64(m.links[i]))
		}
	}
	for i, x := range r.latest {
		d.add(uint64(index(x))<<8 | uint64(index(r.published[i])))
	}
	for i, s := range r.slots {
		d.flag(s.hold != nil) // tokens in the queue come below
		if s.hold != nil {
			d.add(uint64(r.model.slots[i].state)<<8 | uint64(r.model.slots[i].on)<<16)
		}
	}
	for _, q := range r.queue {
		d.add(uint64(index(r.byObject[q.slot.hold.Object()]))<<32 | uint64(r.blockers(q.epoch)))
	}
	d.add(uint64(r.tree.ObserveQueue(r.hook, func(h *qom.Hold) {
		d.add(uint64(len(h.Who())))
		for _, c := range []byte(h.Who()) {
			d.add(uint64(c))
		}
	})))
	d.flag(r.woken)
	d.flag(r.reclaimSoon)
	d.flag(r.waiting)
	if r.ordered {
		d.add(r.order[0])
	}
	for _, th := range r.threads {
		d.add(uint64(th.step)<<16 | uint64(index(th.loaded)))
		d.flag(th.done)
		d.flag(th.pinned)
		d.flag(th == r.owner)
		d.add(th.trail[0])
		d.add(th.trail[1])
	}
	return d
}

func index(x *record) int {
	if x == nil {
		return 0
	}
	return x.index + 1
}

// identify numbers an object; the root of the tree has a number of its own.
func (r *run) identify(o *qom.Object) uint64 {
	if x := r.byObject[o]; x != nil {
		return uint64(x.index) + 2
	}
	return 1
}

// atRest reports whether no thread is inside a step.
func (r *run) atRest() bool {
	for _, th := range r.threads {
		if !th.fresh {
			return false
		}
	}
	return true
}

// counters prints the logical and the storage count of each object, as the
// design note does: U is a drained counter, and that of an embedded object,
// which has none.
func (w *world) counters() string {
	show := func(n uint32) string {
		if n == qom.Finalizing {
			return "U"
		}
		return fmt.Sprint(n)
	}
	s := ""
	for _, x := range w.records {
		if s != "" {
			s += "  "
		}
		s += fmt.Sprintf("%v.ref %s %v.storage_ref %s", x, show(x.o.Ref()), x, show(x.o.StorageRef()))
		if x.s.Freed() {
			s += " freed"
		}
	}
	return s
}
