package qom

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/qomd/qomd/qom/internal/probe"
)

// Finalizing is the value of a drained counter: both counts are kept minus
// one, so this is what the decrement of 0 yields.
const Finalizing = ^uint32(0)

// intMax is the ceiling of both counters; a finalizing one is above it, which
// is how taking a reference on it is refused.
const intMax = math.MaxInt32

// Storage is the record of one allocation. It outlives the memory it
// describes: generation, type and the freed flag stay readable.
type Storage struct {
	tree    *Tree
	root    *Object   // owner of the allocation; nil once freed
	members []*Object // embedded objects, in order of initialization; nil once freed
	typ     string
	gen     uint64
	former  string // path of the root until it left the tree
	drained int64  // how long that took in the end, nanoseconds
	last    string // holder whose release finalized the last object
	policy  Policy
	ending  bool         // of an aggregate: its finalization has begun
	outside atomic.Int64 // of an aggregate: references from outside of it
	freedAt uintptr      // where it was freed while objects in it were still held
	since   int64        // when the root left the tree, nanoseconds of Tree.Now; 0: it has not

	ref    atomic.Uint32 // minus one: the allocation itself plus each embedded object
	freed  atomic.Bool
	onFree []freeHook

	prev, next *Storage // list of the allocations of the tree
}

type freeHook struct {
	depth uint8
	fn    func()
}

// Tree returns the tree the storage is of.
func (s *Storage) Tree() *Tree { return s.tree }

// Generation returns the number of the allocation, unique in its tree and
// increasing.
func (s *Storage) Generation() uint64 { return s.gen }

// TypeName returns the type of the object that owned the allocation.
func (s *Storage) TypeName() string { return s.typ }

// Freed reports whether the storage was freed.
func (s *Storage) Freed() bool { return s.freed.Load() }

// Ref returns the storage count minus one; [Finalizing] once freed.
func (s *Storage) Ref() uint32 { return s.ref.Load() }

// Root returns the object that owns the allocation, nil once freed.
func (s *Storage) Root() *Object { return s.root }

// Members returns the objects embedded in the allocation, nil once freed.
func (s *Storage) Members() []*Object { return slices.Clone(s.members) }

// FormerPath returns the path the root had when it left the tree.
func (s *Storage) FormerPath() string { return s.former }

// Drain returns how long the storage drained, from its root leaving the tree
// until it was freed, and [Storage.LastHolder]. It is zero before that.
func (s *Storage) Drain() (time.Duration, string) { return time.Duration(s.drained), s.last }

// LastHolder describes the token whose release let the last object of the
// storage be finalized, empty when that was no token.
func (s *Storage) LastHolder() string { return s.last }

// DrainingSince returns when the root left the tree, in nanoseconds of the
// tree's clock, and false when it has not or the storage is freed.
func (s *Storage) DrainingSince() (int64, bool) {
	return s.since, s.since != 0 && !s.freed.Load()
}

// OnFree registers fn to run, once, right after the storage of o is freed.
// Functions of embedded objects run before those of their container, whatever
// the order of finalization was; otherwise in order of registration.
func (o *Object) OnFree(fn func()) {
	s := o.storage
	s.onFree = append(s.onFree, freeHook{o.depth, fn})
}

// counts reports whether o has a share in the storage count: always, but for
// the mistakes a checker makes.
func (s *Storage) counts(o *Object) bool {
	if h := s.tree.hook; h != nil {
		switch h.Mutant {
		case probe.Classic:
			return o.kind != EmbeddedStorage
		case probe.WrongCounter:
			return o.depth < 2
		case probe.ChildrenOnly:
			return o.kind == EmbeddedStorage || len(s.members) == 0
		}
	}
	return true
}

// storageRef takes a storage reference for an embedded object.
func (s *Storage) storageRef(o *Object) {
	if !s.counts(o) || s.tree.mutant(probe.NoChildRef) {
		return
	}
	s.tree.point(probe.StorageRef, s.root, "")
	for {
		old := s.ref.Load()
		if old >= intMax {
			s.tree.violate(Violation{Kind: ViolationStorage, Type: s.typ, Generation: s.gen,
				Text: "storage referenced after it drained"})
			return
		}
		if s.ref.CompareAndSwap(old, old+1) {
			return
		}
	}
}

// storageUnref drops that of a finalized object; whoever sees the counter drain
// frees.
func (s *Storage) storageUnref(o *Object) {
	if !s.counts(o) {
		return
	}
	s.tree.point(probe.StorageUnref, s.root, o.class.name)
	for {
		old := s.ref.Load()
		if old > intMax {
			s.tree.violate(Violation{Kind: ViolationStorage, Type: s.typ, Generation: s.gen,
				Text: "storage unreferenced after it drained"})
			return
		}
		if s.ref.CompareAndSwap(old, old-1) {
			if old == s.lastRef() {
				s.free()
			}
			return
		}
	}
}

// lastRef returns the value whose decrement frees: 0, for the count is kept
// minus one.
func (s *Storage) lastRef() uint32 {
	if (s.tree.mutant(probe.FreeAtZero) || s.tree.mutant(probe.ChildrenOnly)) && len(s.members) > 0 {
		return 1
	}
	return 0
}

// free is the explicit end of the allocation: every object in it is poisoned,
// so that a late use is seen, and the record forgets the memory, so that the
// collector can have it.
func (s *Storage) free() {
	s.tree.point(probe.Free, s.root, "")
	for _, o := range append(slices.Clone(s.members), s.root) {
		if o.phase != Finalized && s.policy != Classic {
			s.tree.violate(Violation{Kind: ViolationStorage, Type: s.typ, Generation: s.gen,
				Text: "storage freed before " + o.class.name + " was finalized"})
		}
		o.poison()
	}
	s.freed.Store(true)
	if s.since != 0 {
		s.drained = s.tree.Now() - s.since
	}
	s.root, s.members = nil, nil
	s.tree.storageFreed(s)
	hooks := s.onFree
	s.onFree = nil
	slices.SortStableFunc(hooks, func(a, b freeHook) int { return int(b.depth) - int(a.depth) })
	for _, h := range hooks {
		s.tree.point(probe.Notify, nil, "")
		h.fn()
	}
	if s.tree.OnFreed != nil {
		s.tree.OnFreed(s)
	}
}
