package lifetime

import "github.com/qomd/qomd/qom"

// Cycles finds the draining storages that will never be freed: those held by
// nobody but each other, or themselves. A holder that is no object of the tree
// may yet let go, and so may an object that is still in it.
func Cycles(t *qom.Tree) map[*qom.Storage]bool {
	stuck := map[*qom.Storage]bool{}
	for _, s := range t.Draining() {
		stuck[s] = true
	}
	for again := true; again; {
		again = false
		for s := range stuck {
			if !onlyHeldBy(s, stuck) {
				delete(stuck, s)
				again = true
			}
		}
	}
	return stuck
}

// onlyHeldBy reports whether every reference from outside the tree's rules on
// the objects of s is that of an object in one of the storages.
func onlyHeldBy(s *qom.Storage, storages map[*qom.Storage]bool) bool {
	held := false
	for _, o := range append([]*qom.Object{s.Root()}, s.Members()...) {
		if o.Phase() >= qom.Finalized {
			continue
		}
		for _, h := range o.Holds() {
			from := h.From()
			if from == nil || !storages[from.Storage()] {
				return false
			}
			held = true
		}
	}
	return held
}
