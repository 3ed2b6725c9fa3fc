package qom

import (
	"fmt"

	"github.com/qomd/qomd/qom/internal/probe"
)

// HoldKind says what sort of holder has a reference.
type HoldKind uint8

// The kinds of holders. Creation and Child are implicit and have no token.
const (
	HoldCreation  HoldKind = iota + 1 // whoever made the object
	HoldChild                         // child property of the composition parent
	HoldBusChild                      // entry in a bus, let go after a grace period
	HoldParentBus                     // a device's link to its bus
	HoldLink                          // strong link property
	HoldSubregion                     // memory region placed in another owner's container
	HoldFlatRange                     // ranges of a flattened view
	HoldViewRoot                      // root region of a flattened view
	HoldSpaceRoot                     // root region of an address space
	HoldDMAMap                        // mapping for direct memory access
	HoldCache                         // cached region
	HoldFind                          // result of a region look-up
	HoldIO                            // request in flight
	HoldPacket                        // USB packet in flight
	HoldTimer                         // armed timer
	HoldDeferred                      // callback waiting for a grace period
	HoldCommand                       // monitor command being executed
	HoldBackend                       // backend used by a device
	HoldUser                          // x-hold object
)

var holdNames = [...]string{
	HoldCreation: "creation", HoldChild: "qom-child", HoldBusChild: "bus-child", HoldParentBus: "parent-bus",
	HoldLink: "link", HoldSubregion: "subregion", HoldFlatRange: "flat-range", HoldViewRoot: "view-root",
	HoldSpaceRoot: "as-root", HoldDMAMap: "dma-map", HoldCache: "cache", HoldFind: "find", HoldIO: "pending-io",
	HoldPacket: "packet", HoldTimer: "timer", HoldDeferred: "deferred", HoldCommand: "command",
	HoldBackend: "backend", HoldUser: "x-hold",
}

// String returns the name of the kind as x-query-references prints it.
func (k HoldKind) String() string {
	if int(k) < len(holdNames) && holdNames[k] != "" {
		return holdNames[k]
	}
	return fmt.Sprintf("hold-kind-%d", uint8(k))
}

// Hold is a token for one or more logical references on an object: an entry of
// the ledger. It is released exactly once.
type Hold struct {
	obj        *Object
	storage    *Storage // stays when the token is released; does not keep memory
	prev, next *Hold
	queue      *Hold   // next in the queue of the tree
	from       *Object // whose reference it is, nil: nobody's in the tree
	who        string
	since      int64
	at         uintptr // where it was taken, or released; with Tree.Sites
	n          uint32
	kind       HoldKind
	queued     uint8 // times the token was handed to the queue; guarded by Tree.asyncMu
}

// Hold takes a reference on the object for a holder, who says who: "virtio-blk
// vb request 1". On an object that is being finalized it reports a violation
// and returns a token that holds nothing.
func (o *Object) Hold(kind HoldKind, who string) *Hold { return o.HoldN(kind, who, 1) }

// HoldN takes n references as one ledger entry.
func (o *Object) HoldN(kind HoldKind, who string, n uint32) *Hold {
	h := new(Hold)
	o.HoldInto(h, kind, who, n)
	return h
}

// TryHold is Hold for look-ups that may meet an object on its way out: it
// fails quietly when finalization has begun.
func (o *Object) TryHold(kind HoldKind, who string) (*Hold, bool) {
	h := &Hold{kind: kind, who: who, n: 1}
	if !o.enter(h) {
		return nil, false
	}
	o.taken(h)
	return h, true
}

// HoldInto is HoldN with a token supplied by the caller, usually a field of the
// holder, so that nothing is allocated. The token must be new or released; one
// that still holds something keeps that, and the mistake is a violation.
func (o *Object) HoldInto(h *Hold, kind HoldKind, who string, n uint32) {
	if h.obj != nil {
		h.obj.violation(ViolationToken, "token of %s %q used again by %s %q while it is held", h.kind, h.who, kind, who)
		return
	}
	h.kind, h.who, h.n, h.from = kind, who, n, nil
	o.take(h)
}

// HoldBy is HoldInto for a reference that another object of the tree has, such
// as a link. It tells references among the members of an aggregate from those
// of the rest of the world, and cycles from holders that may yet let go.
func (o *Object) HoldBy(h *Hold, from *Object, kind HoldKind, who string, n uint32) {
	if h.obj != nil {
		o.HoldInto(h, kind, who, n) // the violation
		return
	}
	h.kind, h.who, h.n, h.from = kind, who, n, from
	o.take(h)
}

// take makes a new token a reference.
func (o *Object) take(h *Hold) {
	kind, who := h.kind, h.who
	if o.phase == Freed || !o.enter(h) {
		h.storage, h.since = nil, 0
		if o.alive("reference") {
			o.violation(ViolationResurrection, "reference by %s %q refused: finalization has begun", kind, who)
		}
		return
	}
	o.taken(h)
}

// taken checks that no finalizer took the token.
func (o *Object) taken(h *Hold) {
	if t := o.storage.tree; t.finalizing != nil {
		t.onlyDrop("reference on %s taken as %s %q by a finalizer", o.describe(), h.kind, h.who)
	}
}

// enter puts a token into the ledger and counts it, in one step; not on an
// object that is being finalized, nor beyond the ceiling.
func (o *Object) enter(h *Hold) bool {
	t := o.storage.tree
	if t.hook != nil {
		t.point(probe.Ref, o, h.who)
	}
	old := o.ref.lock()
	if old > intMax || h.n > intMax-old {
		o.ref.unlock(old)
		return false
	}
	if t.Sites {
		h.at = caller()
	}
	next := o.holds
	h.obj, h.storage, h.prev, h.next = o, o.storage, nil, next
	if h.since = t.tick.Load(); h.since == 0 {
		h.since = t.Now()
	}
	if next != nil {
		next.prev = h
	}
	o.holds = h
	o.ref.unlock(old + h.n)
	if o.storage.policy == Aggregate {
		o.enterUnit(h.from, h.n)
	}
	return true
}

// Share takes another reference on the object that h holds, into a token that
// is new or released: a request that is split. It may be called on any
// goroutine, as long as h is held until it returns. It allocates nothing.
func (h *Hold) Share(into *Hold, kind HoldKind, who string) {
	o := h.obj
	if o == nil || into.obj != nil {
		if h.storage != nil {
			h.storage.tree.violate(Violation{
				Kind: ViolationToken, Type: h.storage.typ, Generation: h.storage.gen, Earlier: place(h.at),
				Text: fmt.Sprintf("reference of %s %q shared with %s %q: one is not held, or the other is", h.kind, h.who, kind, who),
			})
		}
		return
	}
	into.kind, into.who, into.n, into.from = kind, who, 1, nil
	if !o.enter(into) {
		into.storage, into.since = nil, 0
		o.violation(ViolationResurrection, "reference by %s %q refused: finalization has begun", kind, who)
	}
}

// Object returns the object held, nil when the token was refused or released.
func (h *Hold) Object() *Object { return h.obj }

// Kind returns the kind of holder.
func (h *Hold) Kind() HoldKind { return h.kind }

// Who returns the holder's description.
func (h *Hold) Who() string { return h.who }

// From returns the object whose reference it is, nil when it is none of the
// tree's.
func (h *Hold) From() *Object { return h.from }

// Site returns where the token was taken, empty unless [Tree.Sites] is set.
func (h *Hold) Site() string { return place(h.at) }

// Since returns when the token was taken, in nanoseconds of the tree's clock.
func (h *Hold) Since() int64 { return h.since }

// Count returns how many references the token stands for.
func (h *Hold) Count() uint32 { return h.n }

// Held reports whether the token still holds its object.
func (h *Hold) Held() bool { return h.obj != nil }

// Release gives the references back, under the machine's lock; the last one
// finalizes the object on this stack. A token used twice is a violation; a
// token that was refused holds nothing and releases nothing.
func (h *Hold) Release() {
	o := h.obj
	if o == nil {
		if h.storage != nil {
			h.storage.tree.violate(Violation{
				Kind: ViolationToken, Type: h.storage.typ, Generation: h.storage.gen, Earlier: place(h.at),
				Text: fmt.Sprintf("reference of %s %q released twice", h.kind, h.who),
			})
		}
		return
	}
	if o.phase == Freed {
		h.late(o)
		return
	}
	if t := h.storage.tree; t.hook != nil {
		t.point(probe.Unref, o, h.who)
	}
	n := h.n
	old := o.ref.lock()
	if h.storage.ending && o.united() {
		h.leave(o, old)
		return
	}
	if old > intMax || old+1 < n { // a drained count is above the ceiling
		o.cannotDrop(old, n)
		return
	}
	h.unlink(o)
	o.ref.unlock(old - n)
	if s := o.storage; s.tree.Sites {
		h.at = caller()
	}
	if old-n > intMax || o.storage.tree.hook != nil && o.drained(old-n) {
		h.last(o)
	} else if o.storage.policy == Aggregate {
		o.leaveUnit(h.from, n, h.name)
	}
}

// late gives up a token whose object was freed with it, which only happens under
// the policy Classic. In QEMU this is where the process writes to memory that is
// not its own any more.
func (h *Hold) late(o *Object) {
	h.prev, h.next, h.obj = nil, nil, nil
	o.violation(ViolationUseAfterFree, "reference of %s %q released after the storage was freed", h.kind, h.who)
}

// name is the token in the record of who was last.
func (h *Hold) name() string { return h.kind.String() + " " + h.who }

// leave takes a token among the members of an ending aggregate out of the
// ledger; the count has drained already.
func (h *Hold) leave(o *Object, old uint32) {
	h.unlink(o)
	o.ref.unlock(old)
}

// unlink takes the token out of the ledger, whose lock the caller has.
func (h *Hold) unlink(o *Object) {
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		o.holds = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	}
	h.prev, h.next, h.obj = nil, nil, nil
}

// last finalizes the object: the token was the last reference.
func (h *Hold) last(o *Object) {
	h.storage.last = h.name()
	o.finalize()
}

// ReleaseAsync gives the references back from any goroutine: the token goes to
// the tree's queue, and the references last until [Tree.Drain] takes it out.
// It allocates nothing.
func (h *Hold) ReleaseAsync() {
	if h.storage == nil {
		return
	}
	t := h.storage.tree
	t.point(probe.Queue, h.obj, h.who)
	if t.mutant(probe.NoQueue) {
		h.Release()
		return
	}
	t.asyncMu.Lock()
	h.queued++
	first := t.asyncFirst == nil
	if h.queued == 1 {
		h.queue = nil
		if first {
			t.asyncFirst = h
		} else {
			t.asyncLast.queue = h
		}
		t.asyncLast = h
	}
	t.asyncMu.Unlock()
	if first && t.OnAsync != nil {
		t.OnAsync()
	}
}

// dequeue takes the oldest token out of the queue, nil when there is none;
// times is how often it had been handed in.
func (t *Tree) dequeue() (h *Hold, times uint8) {
	t.point(probe.Dequeue, nil, "")
	t.asyncMu.Lock()
	defer t.asyncMu.Unlock()
	if h = t.asyncFirst; h == nil {
		return nil, 0
	}
	if t.asyncFirst = h.queue; h.queue == nil {
		t.asyncLast = nil
	}
	times, h.queue, h.queued = h.queued, nil, 0
	return h, times
}

// Holds lists the tokens on the object, newest first.
func (o *Object) Holds() []*Hold {
	old := o.ref.lock()
	defer o.ref.unlock(old)
	var list []*Hold
	for h := o.holds; h != nil; h = h.next {
		list = append(list, h)
	}
	return list
}
