// Package probe lets a checker watch and steer the object core. Only packages
// below qom can import it, so no other program can make a [Hook]: what it
// switches cannot be reached in production.
package probe

// Point is a place in the core where another thread may run first.
type Point uint8

// The points. Each comes right before what it names.
const (
	Ref          Point = iota + 1 // a token: ledger entry and count, in one step
	Unref                         // the end of a token: entry and count, in one step
	Adopt                         // the count goes up for a child property
	Drop                          // it goes down for a child property or the creator
	StorageRef                    // the storage count goes up for an embedded object
	StorageUnref                  // it goes down for a finalized object
	Free                          // storage is poisoned and forgotten
	Notify                        // a function that waited for that
	Unparent                      // an object leaves its parent
	Property                      // a property is released by a finalization
	Finalizer                     // the finalizer of one class
	Queue                         // a token enters the queue of the tree
	Dequeue                       // the queue is looked at
)

var names = [...]string{
	Ref: "ref", Unref: "unref", Adopt: "adopt", Drop: "drop", StorageRef: "storage-ref", StorageUnref: "storage-unref",
	Free: "free", Notify: "notify", Unparent: "unparent", Property: "property", Finalizer: "finalizer",
	Queue: "queue", Dequeue: "dequeue",
}

// String returns the name used in scripts of counterexamples.
func (p Point) String() string { return names[p] }

// Mutant is a mistake to make on purpose, so that a checker can show that it
// would have found it.
type Mutant uint8

// The mistakes. None is what production code does.
const (
	None Mutant = iota
	// Classic frees at the end of the root's finalizer, whoever lives in the
	// storage: what QEMU 11.1 does.
	Classic
	// FreeAtZero frees when the storage count reaches 0 instead of passing it.
	FreeAtZero
	// StorageFirst drops the storage reference before the finalizer.
	StorageFirst
	// NoChildRef lets embedded objects take no storage reference, though they
	// drop one.
	NoChildRef
	// WrongCounter counts an object embedded in an embedded object on that
	// one's marker, which is no counter, and not on the root.
	WrongCounter
	// FinalizeAtZero finalizes when the logical count reaches 0.
	FinalizeAtZero
	// ChildrenOnly reads the storage count as the number of embedded objects:
	// the allocation has no reference of its own, and whoever takes the number
	// to nothing frees.
	ChildrenOnly
	// NoQueue releases tokens handed in off the lock where they are.
	NoQueue
)

// Hook is called by the core at every point.
type Hook struct {
	// Yield comes before each point; obj is the *qom.Object it is about, or
	// nil, and what says more: the holder, the property.
	Yield func(p Point, obj any, what string)
	// Mutant is the mistake to make.
	Mutant Mutant
	// Unlocked says that finalizers of several threads may run at a time.
	Unlocked bool
	// Running is set once the objects a run begins with are made; mistakes in
	// counting down begin with it.
	Running bool
}

// Object is what a checker sees of an object.
type Object struct {
	Ref, StorageRef uint32 // minus one
	Tokens          uint32 // references of the ledger
	Entries         int    // tokens of the ledger
	Creation        bool   // the creation reference is held
	Properties      int    // properties of the object alone
	Children        uint64 // digest of names and identities of the children, in order
	Present         int    // children whose parent the object is
}
