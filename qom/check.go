package qom

import (
	"fmt"
	"iter"
	"reflect"
	"unsafe"
)

// Check verifies the invariants of a tree at rest, under the machine's lock,
// and yields each one that is broken. At rest no finalizer is running.
func Check(t *Tree) iter.Seq[error] {
	return func(yield func(error) bool) {
		c := &checker{tree: t, yield: yield, seen: map[*Object]bool{}}
		if t.finalizers != 0 {
			c.fail("%d finalizers are running", t.finalizers)
		}
		n := 0
		for s := range t.Storages() {
			n++
			c.storage(s)
		}
		if n != t.live {
			c.fail("%d storages are listed, %d counted", n, t.live)
		}
		if t.root.phase == Live {
			c.subtree(t.root)
		}
	}
}

type checker struct {
	tree    *Tree
	yield   func(error) bool
	stopped bool
	seen    map[*Object]bool
}

func (c *checker) fail(format string, args ...any) {
	if !c.stopped && !c.yield(fmt.Errorf(format, args...)) {
		c.stopped = true
	}
}

// storage checks an allocation and the objects in it: the storage count is the
// number of objects that have not given up theirs (invariant 5), embedded
// objects lie inside the allocation, and nothing of it is freed.
func (c *checker) storage(s *Storage) {
	if s.freed.Load() || s.root == nil {
		c.fail("freed storage #%d of %s is still listed", s.gen, s.typ)
		return
	}
	var want uint32
	for _, o := range append([]*Object{s.root}, s.members...) {
		if o.phase == Freed {
			c.fail("%s in storage #%d is poisoned before its storage is freed", s.typ, s.gen)
		}
		if o.phase < Finalized {
			want++
			c.object(o)
		}
		if o.kind == EmbeddedStorage && o.phase < Finalized && !encloses(s.root.self, o) {
			c.fail("%s lies outside of the allocation of %s", o.describe(), s.typ)
		}
	}
	if got := s.ref.Load() + 1; got != want {
		c.fail("storage #%d of %s counts %d references, %d objects live in it", s.gen, s.typ, got, want)
	}
	if s.policy == Aggregate {
		c.outside(s)
	}
	if want == 0 {
		c.fail("storage #%d of %s drained but not freed", s.gen, s.typ)
	}
}

// outside checks the external count of an aggregate.
func (c *checker) outside(s *Storage) {
	var want int64
	for _, o := range append([]*Object{s.root}, s.members...) {
		if o.creation {
			want++
		}
		if o.parent != nil && !o.inside(o.parent) {
			want++
		}
		for _, h := range o.Holds() {
			if !o.inside(h.from) {
				want += int64(h.n)
			}
		}
	}
	if s.root == c.tree.root {
		want++
	}
	if got := s.outside.Load(); got != want {
		c.fail("aggregate #%d of %s counts %d references from outside, ledger %d", s.gen, s.typ, got, want)
	}
}

// encloses reports whether o lies by value inside the struct that root points
// to.
func encloses(root Instance, o *Object) bool {
	v := reflect.ValueOf(root)
	start, at := v.Pointer(), uintptr(unsafe.Pointer(o))
	return at >= start && at < start+v.Type().Elem().Size()
}

// object checks one live object: the logical count equals the ledger
// (invariant 7).
func (c *checker) object(o *Object) {
	if o.phase != Live {
		c.fail("%s is %s at rest", o.describe(), o.phase)
		return
	}
	var n uint64
	if o.creation {
		n++
	}
	if o.parent != nil {
		n++
	}
	if o.united() {
		n++ // the aggregate's own
	}
	for _, h := range o.Holds() {
		n += uint64(h.n)
		if h.obj != o {
			c.fail("%s: ledger entry %s %q is of another object", o.describe(), h.kind, h.who)
		}
	}
	if o == c.tree.root {
		// The tree itself has the creation reference of the root.
	} else if n == 0 {
		c.fail("%s is live but held by nobody", o.describe())
	}
	if got := uint64(o.ref.Load()) + 1; got != n {
		c.fail("%s: count %d, ledger %d", o.describe(), got, n)
	}
}

// subtree checks that parents and children agree (invariants 8 and 13).
func (c *checker) subtree(o *Object) {
	if c.seen[o] {
		c.fail("%s is reached twice", o.describe())
		return
	}
	c.seen[o] = true
	if o.kind == ForeignStorage {
		c.object(o)
	}
	names := map[string]bool{}
	for _, k := range o.children.all() {
		switch {
		case k.parent != o:
			c.fail("%s: child %q has another parent", o.describe(), k.name)
			continue
		case k.ref.Load() == Finalizing:
			c.fail("%s: child %q is being finalized", o.describe(), k.name)
		case names[k.name]:
			c.fail("%s: two children are called %q", o.describe(), k.name)
		}
		if o.children.find(k.name) != k {
			c.fail("%s: index misses child %q", o.describe(), k.name)
		}
		names[k.name] = true
		c.subtree(k)
	}
}
