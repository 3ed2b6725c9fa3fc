package qom

import "github.com/qomd/qomd/qom/internal/probe"

// Instrument puts the tree under the control of a checker; see qom/verify. The
// hook can be made by packages below qom only. It must come before the tree
// has objects other than its root.
func (t *Tree) Instrument(h *probe.Hook) { t.hook = h }

// point lets a checker run another thread here. In production there is no
// hook, and this is a branch that is never taken.
func (t *Tree) point(p probe.Point, o *Object, what string) {
	if t.hook != nil {
		t.hook.Yield(p, o, what)
	}
}

// mutant reports whether a checker asked for a mistake.
func (t *Tree) mutant(m probe.Mutant) bool { return t.hook != nil && t.hook.Mutant == m }

// Observe fills in what a checker sees of an object; id is what the checker
// knows a child by. It may be called at any point, on any object ever made.
func (t *Tree) Observe(o *Object, v *probe.Object, id func(*Object) uint64) {
	*v = probe.Object{Ref: o.Ref(), StorageRef: o.StorageRef(), Creation: o.creation, Properties: len(o.dyn())}
	for h := o.holds; h != nil; h = h.next {
		v.Tokens += h.n
		v.Entries++
	}
	for _, c := range o.children.all() {
		d := id(c) << 1
		if c.parent == o {
			v.Present++
			d |= 1
		}
		v.Children = v.Children*1099511628211 + d + 1
	}
}

// ObserveQueue calls f for each token waiting to be released, oldest first,
// and returns how many finalizers are running. The hook shows that a checker
// asks.
func (t *Tree) ObserveQueue(_ *probe.Hook, f func(*Hold)) int {
	t.asyncMu.Lock()
	defer t.asyncMu.Unlock()
	for h := t.asyncFirst; h != nil; h = h.queue {
		f(h)
	}
	return t.finalizers
}
