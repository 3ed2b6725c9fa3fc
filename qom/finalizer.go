package qom

// A finalizer may only drop references: what it would take one on may be gone
// or not, depending on who else held it and when. The rule covers all that runs
// inside, the release of properties included.

// enterFinalizer notes whose finalization is running, and returns whose was
// before, for leaveFinalizer.
func (t *Tree) enterFinalizer(o *Object) (outer *Object) {
	t.finalizers++
	outer, t.finalizing = t.finalizing, o
	return outer
}

func (t *Tree) leaveFinalizer(outer *Object) {
	t.finalizers--
	t.finalizing = outer
}

// onlyDrop reports a violation when a finalizer does more than drop references.
// Callers look first whether one is running: the words cost more than what they
// guard.
// The rule is off while a checker runs finalizers of several threads at a time,
// which no lock keeps apart.
func (t *Tree) onlyDrop(format string, args ...any) {
	o := t.finalizing
	if o == nil || t.hook != nil && t.hook.Unlocked {
		return
	}
	o.violation(ViolationFinalizer, format, args...)
}

// notInside reports a violation when a finalizer uses another object of its own
// storage: a parent its embedded child, or a child its container. Whether that
// one is finalized already depends on who else held it.
func (o *Object) notInside(format, name string) {
	f := o.storage.tree.within
	if f == o || f.storage != o.storage || f.kind == ForeignStorage || o.kind == ForeignStorage {
		return
	}
	o.storage.tree.onlyDrop(format, name, o.describe())
}
