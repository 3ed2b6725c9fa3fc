package qom

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qomd/qomd/qom/internal/probe"
)

// Tree is one object tree: a root container, the records of all storage, and
// the ledger. Its fields may be set before the first object is made.
type Tree struct {
	Types *Types

	// Now is the clock of the ledger, in nanoseconds; the default is the time
	// since the tree was made.
	Now func() int64
	// OnViolation is told of broken rules; without it they panic.
	OnViolation func(Violation)
	// OnAsync is called, from any goroutine, when the queue of [Hold.ReleaseAsync]
	// becomes non-empty; its owner then arranges a [Tree.Drain].
	OnAsync func()
	// Policy says how storage dies; PolicyOf, if set, may say so for single
	// classes, and answers TreePolicy for others.
	Policy   Policy
	PolicyOf func(*Class) Policy
	// Sites makes every token remember where it was taken and released, which
	// costs a microsecond each.
	Sites bool
	// OnDrain is told of storage whose root leaves the tree, OnFreed of storage
	// that is freed.
	OnDrain, OnFreed func(*Storage)
	// Context belongs to the owner of the tree; devices find their machine by it.
	Context any

	root       *Object
	gen        uint64
	storages   *Storage // newest first
	live       int      // storages not freed
	foreign    int      // objects in foreign storage not finalized
	finalizers int      // finalizers running
	finalizing *Object  // whose finalization is running, the innermost
	within     *Object  // whose finalizer is, once its properties are released

	tick atomic.Int64 // time of the entries of the ledger, 0: ask Now
	hook *probe.Hook  // of a checker, nil in production

	asyncMu               sync.Mutex // guards the queue, which runs through Hold.queue
	asyncFirst, asyncLast *Hold
}

// NewTree returns a tree with an empty root container.
func NewTree(types *Types) *Tree {
	start := time.Now()
	t := &Tree{Types: types, Now: func() int64 { return int64(time.Since(start)) }}
	root, err := t.New("container")
	if err != nil {
		panic(err) // NewTypes always has it
	}
	t.root = root
	return t
}

// Tick reads the clock for the ledger: the tokens taken from now on bear this
// time. The owner of a tree calls it each time it takes the machine's lock, for
// reading a clock costs more than counting a reference. Without any Tick every
// token reads the clock itself.
func (t *Tree) Tick() { t.tick.Store(max(t.Now(), 1)) }

// Root returns the root container.
func (t *Tree) Root() *Object { return t.root }

// New makes an object with an allocation of its own. The caller has the
// creation reference.
func (t *Tree) New(typ string) (*Object, error) {
	class := t.Types.Class(typ)
	switch {
	case class == nil:
		return nil, fmt.Errorf("unknown type '%s'", typ)
	case class.abstract:
		return nil, fmt.Errorf("type '%s' is abstract", typ)
	}
	return t.NewClass(class), nil
}

// NewClass is New for a class that is known to be concrete.
func (t *Tree) NewClass(class *Class) *Object {
	self := class.alloc()
	o := self.QOM()
	if t.finalizing != nil {
		t.onlyDrop("object of type %s made by a finalizer", class.name)
	}
	t.gen++
	o.storage = &Storage{tree: t, root: o, typ: class.name, gen: t.gen, policy: t.policyOf(class), next: t.storages}
	if t.storages != nil {
		t.storages.prev = o.storage
	}
	t.storages = o.storage
	t.live++
	o.initialize(self, class)
	return o
}

// InitEmbedded makes c, a struct embedded by value in container's struct, an
// object of type typ that lives in container's storage. The storage reference
// is taken before c's initializers run, so that they may embed objects of
// their own. The caller has the creation reference.
func (t *Tree) InitEmbedded(container *Object, c Instance, typ string) *Object {
	o := c.QOM()
	o.storage, o.kind, o.depth = container.storage, EmbeddedStorage, container.depth+1
	o.storage.storageRef(o)
	o.storage.members = append(o.storage.members, o)
	o.initialize(c, t.mustClass(typ))
	return o
}

// InitForeign makes c an object whose memory somebody else manages and does
// not count; owner is the object whose storage it is reported under. The caller
// has the creation reference.
func (t *Tree) InitForeign(owner *Object, c Instance, typ string) *Object {
	o := c.QOM()
	o.storage, o.kind, o.depth = owner.storage, ForeignStorage, owner.depth+1
	t.foreign++
	o.initialize(c, t.mustClass(typ))
	return o
}

func (t *Tree) mustClass(typ string) *Class {
	class := t.Types.Class(typ)
	if class == nil || class.abstract {
		panic(fmt.Sprintf("qom: embedded object of type %q", typ))
	}
	return class
}

func (o *Object) initialize(self Instance, class *Class) {
	o.class, o.self, o.phase, o.creation = class, self, Initializing, true
	if o.united() {
		o.unite()
	}
	var buf [8]*Class
	chain := class.chain(buf[:0])
	for _, c := range chain {
		if c.info.Init != nil {
			c.info.Init(o)
		}
	}
	for _, c := range chain {
		if c.info.PostInit != nil {
			c.info.PostInit(o)
		}
	}
	o.phase = Live
}

// NewChild makes an object, adds it to parent and drops the creation
// reference: the child property is its only holder.
func (t *Tree) NewChild(parent *Object, name, typ string) (*Object, error) {
	o, err := t.New(typ)
	if err != nil {
		return nil, err
	}
	defer o.Unref()
	if err := parent.AddChild(name, o); err != nil {
		return nil, err
	}
	return o, nil
}

// EmbedChild is [Tree.InitEmbedded] followed by [Object.AddChild]: parent is
// the composition parent, container the object whose storage c lies in. When
// the name is taken c is finalized again.
func (t *Tree) EmbedChild(container, parent *Object, name string, c Instance, typ string) (*Object, error) {
	o := t.InitEmbedded(container, c, typ)
	defer o.Unref()
	if err := parent.AddChild(name, o); err != nil {
		return nil, err
	}
	return o, nil
}

// Drain releases the tokens queued by [Hold.ReleaseAsync], in order, under the
// machine's lock. It reports whether there were any.
func (t *Tree) Drain() bool {
	did := false
	for {
		h, times := t.dequeue()
		if h == nil {
			return did
		}
		// Handed in twice is released twice: the second is the violation.
		for ; times > 0; times-- {
			h.Release()
		}
		did = true
	}
}

// Storages lists the records of all storage that is not freed, newest first.
func (t *Tree) Storages() iter.Seq[*Storage] {
	return func(yield func(*Storage) bool) {
		for s := t.storages; s != nil; {
			next := s.next
			if !yield(s) {
				return
			}
			s = next
		}
	}
}

// Draining lists the storages whose root left the tree but whose references
// have not drained, oldest first.
func (t *Tree) Draining() []*Storage {
	var list []*Storage
	for s := range t.Storages() {
		if _, ok := s.DrainingSince(); ok {
			list = append([]*Storage{s}, list...)
		}
	}
	return list
}

// Live returns how many storages are not freed.
func (t *Tree) Live() int { return t.live }

func (t *Tree) storageFreed(s *Storage) {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		t.storages = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next = nil, nil
	t.live--
}

func (t *Tree) violate(v Violation) {
	v.Site = place(caller())
	if t.OnViolation == nil {
		panic(v)
	}
	t.OnViolation(v)
}

// Close gives up the tree: the root is released with all it has. What is still
// held from outside stays, and is what [Tree.Storages] lists then.
func (t *Tree) Close() {
	t.root.Unref()
	t.Drain()
}
