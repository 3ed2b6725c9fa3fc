package qom

// Policy is the rule by which storage dies.
type Policy uint8

// The policies. The discussion on qemu-devel in June 2026 compares them.
const (
	// TreePolicy is what the tree says, and for a tree that says nothing
	// StorageRef.
	TreePolicy Policy = iota
	// StorageRef frees storage once the object that owns it and all objects
	// embedded in it are finalized, in whatever order: the rule of the patches.
	StorageRef
	// Classic frees storage at the end of the owner's finalizer, as QEMU 11.1
	// does. Objects embedded in it that somebody still holds are in freed memory
	// from then on: in QEMU their use is undefined, here it is a violation.
	Classic
	// Aggregate finalizes the owner and all embedded objects together, when no
	// reference from outside is left on any of them; references among them do
	// not count. The last embedded goes first, the owner last, then the storage
	// is freed. An object cannot be embedded for a part of its container's life.
	Aggregate
)

var policyNames = [...]string{TreePolicy: "default", StorageRef: "storage-ref", Classic: "classic", Aggregate: "aggregate"}

func (p Policy) String() string { return policyNames[p] }

// policyOf answers which policy a new object of a class gets: what the tree says
// of the class, else what the nearest type with an opinion says, else what the
// tree says of all.
func (t *Tree) policyOf(class *Class) Policy {
	if t.PolicyOf != nil {
		if p := t.PolicyOf(class); p != TreePolicy {
			return p
		}
	}
	for c := class; c != nil; c = c.parent {
		if p := c.info.Policy; p != TreePolicy {
			return p
		}
	}
	if t.Policy != TreePolicy {
		return t.Policy
	}
	return StorageRef
}

// Policy returns the rule by which the storage dies.
func (s *Storage) Policy() Policy { return s.policy }

// united reports whether o is part of an aggregate. Foreign objects never are:
// nobody counts the memory they lie in.
func (o *Object) united() bool { return o.storage.policy == Aggregate && o.kind != ForeignStorage }

// inside reports whether a reference on o by holder is one among the members of
// an aggregate.
func (o *Object) inside(holder *Object) bool {
	return holder != nil && holder.storage == o.storage
}

// unite gives a new member of an aggregate the reference that the aggregate has
// on it, besides the creation reference: its count does not drain before that of
// the whole.
func (o *Object) unite() {
	o.ref.unlock(o.ref.lock() + 1)
	o.storage.outside.Add(1)
}

// enterUnit counts references on a member that come from outside.
func (o *Object) enterUnit(holder *Object, n uint32) {
	if o.united() && !o.inside(holder) {
		o.storage.outside.Add(int64(n))
	}
}

// leaveUnit is its counterpart; the last one ends the aggregate. last says who
// that was, for the record.
func (o *Object) leaveUnit(holder *Object, n uint32, last func() string) {
	s := o.storage
	if !o.united() || o.inside(holder) || s.ending {
		return
	}
	if s.outside.Add(-int64(n)) == 0 {
		if last != nil {
			s.last = last()
		}
		s.endUnit()
	}
}

// endUnit finalizes a whole aggregate. From its first step on no member takes a
// reference; the properties of all go before the finalizer of the first, so
// that references among members are gone when finalizers run.
func (s *Storage) endUnit() {
	s.ending = true
	order := make([]*Object, 0, len(s.members)+1)
	for i := len(s.members) - 1; i >= 0; i-- {
		order = append(order, s.members[i])
	}
	order = append(order, s.root)
	for _, o := range order {
		o.ref.lock()
		o.ref.unlock(Finalizing)
		o.phase = FinalizingPhase
	}
	t := s.tree
	for _, o := range order {
		outer := t.enterFinalizer(o)
		o.releaseProperties()
		t.leaveFinalizer(outer)
	}
	for _, o := range order {
		outer := t.enterFinalizer(o)
		o.runFinalizers()
		t.leaveFinalizer(outer)
	}
	for _, o := range order {
		s.storageUnref(o)
	}
}
