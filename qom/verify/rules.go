package verify

import (
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/internal/probe"
)

// rules checks what must hold of an object in every state, be threads inside
// the core or not. Steps that the core has announced but not made are accounted
// for: a reference that has no token any more may wait to be counted down.
func (r *run) rules(x *record, v *probe.Object) {
	phase := x.o.Phase()
	if x.s.Freed() != (phase == qom.Freed) {
		r.fail("%v is %v, its storage freed %v", x, phase, x.s.Freed())
		return
	}
	drops, storage := 0, 0
	for _, th := range r.threads {
		if th.done || th.pending.rec == nil {
			continue
		}
		switch th.pending.point {
		case probe.Drop:
			if th.pending.rec == x {
				drops++
			}
		case probe.StorageUnref:
			if th.pending.rec == x {
				storage++
			}
		}
	}
	parent := x.o.Parent()
	if phase == qom.Live && v.Ref != qom.Finalizing {
		n := int64(v.Tokens) + int64(drops)
		if v.Creation {
			n++
		}
		if parent != nil {
			n++
		}
		if r.cfg.Aggregate {
			n++ // the aggregate's own
		}
		if int64(v.Ref)+1 != n {
			r.miscount("%v counts %d references, %d are known", x, int64(v.Ref)+1, n)
		}
	}
	if phase >= qom.FinalizingPhase {
		if v.Ref != qom.Finalizing {
			r.miscount("%v is %v with %d references", x, phase, int64(v.Ref)+1)
		}
		// The members of an aggregate let go of each other once all of them
		// are being finalized.
		if parent != nil && !(r.cfg.Aggregate && phase == qom.FinalizingPhase) {
			r.fail("%v is %v and in the tree", x, phase)
		}
		if v.Entries != 0 && !(r.cfg.Aggregate && phase == qom.FinalizingPhase) {
			r.fail("%v is %v and has %d tokens", x, phase, v.Entries)
		}
	}
	if phase >= qom.Finalized && x.o.Path() != "" {
		r.fail("%v is %v and has a path", x, phase)
	}
	if x.root == x && phase != qom.Freed && !(r.cfg.Aggregate && phase != qom.Live) {
		r.storageRule(x, v, storage)
	}
	r.placeRule(x, v)
}

// miscount reports a counter that is wrong by the books. Most mistakes made on
// purpose are that from the first step on; there the search goes on until harm
// is done, for that is what a reader wants to see.
func (r *run) miscount(format string, args ...any) {
	if r.hook.Mutant == probe.None {
		r.fail(format, args...)
	}
}

// storageRule: the storage count is the number of objects in the storage that
// have not given up their share (invariant 5). pending says how many are about
// to.
func (r *run) storageRule(x *record, v *probe.Object, pending int) {
	want := pending
	for _, y := range r.records {
		if y.root != x {
			continue
		}
		if p := y.o.Phase(); p > qom.Raw && p < qom.Finalized {
			want++
		}
	}
	freeing := false
	for _, th := range r.threads {
		freeing = freeing || !th.done && th.pending.point == probe.Free && th.pending.rec == x
	}
	if got := int64(int32(v.StorageRef)) + 1; got != int64(want) {
		r.miscount("storage of %v counts %d references, %d objects have a share", x, got, want)
	} else if want == 0 && !freeing {
		r.miscount("storage of %v drained, but nobody frees it", x)
	}
}

// placeRule: parents and children agree (invariant 8). Entries of children that
// are leaving may remain until they are gone.
func (r *run) placeRule(x *record, v *probe.Object) {
	if x.o.Phase() != qom.Live {
		return
	}
	n := 0
	for _, y := range r.records {
		if y.o.Parent() == x.o {
			n++
		}
	}
	if n != v.Present {
		r.fail("%v lists %d children, %d objects have it as parent", x, v.Present, n)
	}
}
