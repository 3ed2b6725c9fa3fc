package qom

import (
	"fmt"
	"strconv"

	"github.com/qomd/qomd/qom/internal/probe"
)

// Phase is where an object is in its life.
type Phase uint8

// The phases of lifetime; Freed belongs to the storage, the others to the
// object.
const (
	Raw Phase = iota
	Initializing
	Live
	FinalizingPhase
	Finalized
	Freed
)

var phaseNames = [...]string{"raw", "initializing", "live", "finalizing", "finalized", "freed"}

func (p Phase) String() string { return phaseNames[p] }

// StorageKind says whose storage an object lives in.
type StorageKind uint8

// The kinds of storage.
const (
	// RootStorage is an allocation of the object's own.
	RootStorage StorageKind = iota
	// EmbeddedStorage lies by value in a container and is counted there.
	EmbeddedStorage
	// ForeignStorage is memory that somebody else manages and does not count:
	// a memory region or a bus that a device keeps for itself. Such an object
	// is safe only because its composition parent is.
	ForeignStorage
)

// Object is the base of every instance: embed it by value as the first field.
// It corresponds to Object in QEMU. The zero value is raw; objects are made by
// [Tree.New], [Tree.InitEmbedded] and [Tree.InitForeign].
type Object struct {
	class   *Class
	self    Instance
	parent  *Object
	name    string // in the parent
	storage *Storage

	ref      counter // logical count minus one, and the lock of holds
	kind     StorageKind
	phase    Phase
	depth    uint8 // of embedding: 0 for a root
	creation bool  // the creation reference is still held

	children *children // nil: none
	own      *own      // nil for an object that has nothing of the kind
	holds    *Hold     // ledger; guarded by ref
}

// QOM returns o itself; it makes every struct that embeds an Object an
// [Instance].
func (o *Object) QOM() *Object { return o }

// Self returns the struct that embeds the object, nil once freed.
func (o *Object) Self() Instance { return o.self }

// Class returns the object's class.
func (o *Object) Class() *Class { return o.class }

// TypeName returns the name of the object's type.
func (o *Object) TypeName() string { return o.class.name }

// Is reports whether the object is of a type or implements an interface.
func (o *Object) Is(typ string) bool { return o.class.Is(typ) }

// Parent returns the composition parent, nil when there is none.
func (o *Object) Parent() *Object { return o.parent }

// Name returns the name of the object in its parent, or the last it had.
func (o *Object) Name() string { return o.name }

// Phase returns where the object is in its life.
func (o *Object) Phase() Phase { return o.phase }

// Tree returns the tree the object was made in.
func (o *Object) Tree() *Tree { return o.storage.tree }

// Storage returns the record of the allocation the object lives in.
func (o *Object) Storage() *Storage { return o.storage }

// StorageKind tells whether the object owns that allocation.
func (o *Object) StorageKind() StorageKind { return o.kind }

// Ref returns the logical count minus one; [Finalizing] when the last
// reference went.
func (o *Object) Ref() uint32 { return o.ref.Load() }

// StorageRef returns the storage count minus one for an object that owns its
// allocation, and [Finalizing] for one that has no counter of its own.
func (o *Object) StorageRef() uint32 {
	if o.kind != RootStorage {
		return Finalizing
	}
	return o.storage.Ref()
}

// adopt adds one to the logical count for a child property, unless that would
// pass the ceiling; an object being finalized is beyond it.
func (o *Object) adopt(parent *Object) bool {
	o.storage.tree.point(probe.Adopt, o, "")
	old := o.ref.lock()
	if old >= intMax {
		o.ref.unlock(old)
		return false
	}
	o.ref.unlock(old + 1)
	o.enterUnit(parent, 1)
	return true
}

// drop takes a reference that has no token from the logical count, and
// finalizes the object when it was the last. holder is the object that had it,
// nil for the creator.
func (o *Object) drop(holder *Object, what string) {
	if o.storage.ending && o.united() {
		return // one among the members of an aggregate that is ending
	}
	o.storage.tree.point(probe.Drop, o, what)
	old := o.ref.lock()
	if old > intMax {
		o.cannotDrop(old, 1)
		return
	}
	o.ref.unlock(old - 1)
	if o.drained(old - 1) {
		o.finalize()
		return
	}
	o.leaveUnit(holder, 1, nil)
}

// cannotDrop gives up the lock of a count from which n references cannot be
// taken.
func (o *Object) cannotDrop(old, n uint32) {
	o.ref.unlock(old)
	o.violation(ViolationCount, "reference dropped that nobody held (count %d, minus %d)", int64(int32(old))+1, n)
}

// drained reports whether a decrement that yielded n took the last reference.
func (o *Object) drained(n uint32) bool {
	if h := o.storage.tree.hook; h != nil && h.Mutant == probe.FinalizeAtZero && h.Running {
		return n == 0 || n == Finalizing
	}
	return n == Finalizing
}

// Unref drops the creation reference. Whoever makes an object calls it once:
// after the object got a parent, or to give it up.
func (o *Object) Unref() {
	if !o.alive("creation reference dropped") {
		return
	}
	if !o.creation {
		o.violation(ViolationToken, "creation reference dropped twice")
		return
	}
	o.creation = false
	o.drop(nil, "creation reference")
}

// AddChild makes c a child property of o under a name that must be free. A name
// ending in "[*]" takes the first free number.
func (o *Object) AddChild(name string, c *Object) error {
	if c.parent != nil {
		o.violation(ViolationTree, "%s already has a parent", c.describe())
		return fmt.Errorf("object '%s' already has a parent", c.describe())
	}
	if o.ref.Load() == Finalizing {
		o.violation(ViolationTree, "child added to an object being finalized")
		return fmt.Errorf("object '%s' is being finalized", o.describe())
	}
	if n := len(name); n > 3 && name[n-3:] == "[*]" {
		name = o.freeName(name[:n-3])
	} else if o.nameTaken(name) {
		return o.duplicate(name)
	}
	if t := o.Tree(); t.finalizing != nil {
		t.onlyDrop("child %q added to %s by a finalizer", name, o.describe())
	}
	if !c.adopt(o) {
		c.violation(ViolationResurrection, "child property refused: finalization has begun")
		return fmt.Errorf("object '%s' is being finalized", c.describe())
	}
	c.parent, c.name = o, name
	o.forgetDeleted(name)
	o.insertChild(c)
	return nil
}

func (o *Object) freeName(stem string) string {
	// Machines number hundreds of regions and lines: no garbage per attempt.
	buf := append(make([]byte, 0, len(stem)+8), stem...)
	for i := 0; ; i++ {
		buf = append(strconv.AppendInt(append(buf[:len(stem)], '['), int64(i), 10), ']')
		if !o.HasProperty(string(buf)) {
			return string(buf)
		}
	}
}

// Unparent takes the object out of the tree: the class is told while the parent
// is still set, then the child property's reference goes, which may finalize
// and even free the object. Without a parent nothing happens.
func (o *Object) Unparent() {
	if !o.alive("unparent") || o.parent == nil {
		return
	}
	parent, s := o.parent, o.storage
	s.tree.point(probe.Unparent, o, "")
	if o.kind == RootStorage && s.since == 0 {
		if path := o.Path(); path != "" {
			s.former, s.since = path, max(s.tree.Now(), 1)
			if f := s.tree.OnDrain; f != nil {
				defer func() {
					if !s.freed.Load() {
						f(s)
					}
				}()
			}
		}
	}
	if f := o.class.unparent; f != nil {
		f(o)
	}
	if o.parent == nil {
		return // the class did it, by way of something it let go
	}
	o.parent = nil
	// The name stays taken until the reference is gone: a callback that runs
	// in between cannot put another object in its place.
	o.drop(parent, "child property")
	parent.removeChild(o)
}

// describe names the object for a log or a holder: its path, or its type and
// generation once it has none.
func (o *Object) describe() string {
	if p := o.Path(); p != "" {
		return p
	}
	if o.storage == nil {
		return "raw object"
	}
	return fmt.Sprintf("%s #%d", o.class.name, o.storage.gen)
}
