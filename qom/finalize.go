package qom

import "github.com/qomd/qomd/qom/internal/probe"

// finalize runs when the logical count drained: it releases every property
// once, runs the finalizers leaf first, and as its very last act drops the
// object's storage reference. o must not be touched afterwards.
func (o *Object) finalize() {
	if o.phase != Live && o.phase != Initializing {
		o.violation(ViolationCount, "finalized twice")
		return
	}
	o.phase = FinalizingPhase
	t, s := o.storage.tree, o.storage
	outer := t.enterFinalizer(o)
	if t.mutant(probe.StorageFirst) {
		s.storageUnref(o)
	}
	o.releaseProperties()
	o.runFinalizers()
	t.leaveFinalizer(outer)
	if o.kind == ForeignStorage {
		t.foreign--
		o.poison()
		return
	}
	if !t.mutant(probe.StorageFirst) {
		s.storageUnref(o)
	}
	if s.policy == Classic && o.kind == RootStorage && !s.freed.Load() {
		s.freedAt = caller()
		s.free()
	}
}

// releaseProperties is the first half of a finalization: children go newest
// first, then the object's own properties, then those of the class.
func (o *Object) releaseProperties() {
	t := o.storage.tree
	// A release may edit the tables, so each round looks again.
	for o.children != nil {
		c := o.children.list[len(o.children.list)-1]
		if c.parent != o {
			// Its release is running further up this stack; it will not come
			// back to this table.
			o.removeChild(c)
			continue
		}
		c.Unparent()
	}
	for dyn := o.dyn(); len(dyn) > 0; dyn = o.dyn() {
		p := dyn[len(dyn)-1]
		o.setDyn(dyn[:len(dyn)-1])
		if p.Release != nil {
			t.point(probe.Property, o, p.Name)
			p.Release(o)
		}
	}
	for p := range o.class.Properties() {
		if p.Release != nil {
			t.point(probe.Property, o, p.Name)
			p.Release(o)
		}
	}
	o.own = nil
}

// runFinalizers is the second half: the finalizers of all classes, leaf first.
func (o *Object) runFinalizers() {
	t := o.storage.tree
	outer := t.within
	t.within = o
	for c := o.class; c != nil; c = c.parent {
		if f := c.info.Finalize; f != nil {
			t.point(probe.Finalizer, o, c.name)
			f(o)
		}
	}
	t.within = outer

	if o.ref.Load() != Finalizing {
		o.violation(ViolationResurrection, "count changed during finalization")
	}
	if o.parent != nil {
		o.violation(ViolationTree, "finalized while in the tree")
	}
	o.phase = Finalized
}

// poison makes any later use of the object visible.
func (o *Object) poison() {
	o.phase = Freed
	o.self = nil
	o.children, o.own, o.holds = nil, nil, nil
	o.parent = nil
}

// alive reports whether the object may be used; use after free is a violation.
func (o *Object) alive(what string) bool {
	if o.phase != Freed {
		return true
	}
	o.violation(ViolationUseAfterFree, "%s", what)
	return false
}
