// Package qom implements the QEMU Object Model: named objects in one tree,
// typed by classes, described by properties, and freed only when every
// reference to their storage has drained.
//
// # Two counters
//
// Every object has a logical count, every allocation a storage count. Both
// are kept minus one, as in the patches "qom: Tighten object lifetime
// handling" (qemu-devel, June 2026): the value 0 means one reference is left,
// and [Finalizing] (all ones) means that the last one went. A zero-filled
// object is therefore correctly counted, and taking a reference on an object
// that is being finalized trips the ordinary overflow check: an object is
// never resurrected.
//
// An object made by [Tree.New] owns its allocation: its [Storage] counts the
// allocation itself and each object embedded in it. An object made by
// [Tree.InitEmbedded] is a Go struct embedded by value in its container's
// struct and lives in the storage of the container's root. Go's collector
// would hide a mistake here (an interior pointer keeps the whole allocation
// alive), so storage has a life of its own: it is freed by an explicit
// operation, poisoned, and carries a generation number.
//
// # Phases
//
//	Raw -> Initializing -> Live -> Finalizing -> Finalized      (the object)
//	allocated ------------------------------------> Freed       (the storage)
//
// # When storage dies
//
// The rule above is one of three, see [Policy]. The others are for comparison:
// [Classic], which is QEMU 11.1's and has the use after free that the patches
// are about, reported as a violation; and [Aggregate], where an object and all
// that is embedded in it live and end as one.
//
// A finalizer may only drop references. Taking one, making an object, adding a
// child or a property while a finalizer runs is a violation, which names both
// places.
//
// # Who holds a reference
//
// A reference has a name. Three kinds are implicit: the creation reference
// (dropped by [Object.Unref]), the child property of the composition parent,
// and the storage references above. All others are [Hold] tokens with a kind
// and a holder; the set of live tokens is the ledger that answers "why is this
// device still here?". [Check] compares the ledger with the counters.
//
// # Concurrency
//
// A tree has no lock of its own: every call needs the lock of the machine that
// owns the tree. There are two exceptions. [Hold.Release] may be replaced by
// [Hold.ReleaseAsync] on any goroutine; it hands the token to the tree's queue,
// which the machine drains under its lock with [Tree.Drain]. And who holds a
// token may take another with [Hold.Share] on any goroutine.
//
// Package verify, below this one, explores what that allows, in every order.
package qom
