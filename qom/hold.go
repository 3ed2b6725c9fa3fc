package qom

import "fmt"

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
	who        string
	since      int64
	n          uint32
	kind       HoldKind
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
	if o.ref.Load() == Finalizing {
		return nil, false
	}
	return o.Hold(kind, who), true
}

// HoldInto is HoldN with a token supplied by the caller, usually a field of the
// holder, so that nothing is allocated. The token must be new or released; one
// that still holds something keeps that, and the mistake is a violation.
func (o *Object) HoldInto(h *Hold, kind HoldKind, who string, n uint32) {
	if h.obj != nil {
		h.obj.violation(ViolationToken, "token of %s %q used again by %s %q while it is held", h.kind, h.who, kind, who)
		return
	}
	*h = Hold{kind: kind, who: who, n: n}
	if !o.alive("reference") {
		return
	}
	if !o.refN(n) {
		o.violation(ViolationResurrection, "reference by %s %q refused: finalization has begun", kind, who)
		return
	}
	t := o.storage.tree
	h.obj, h.storage = o, o.storage
	h.since = t.Now()
	t.ledgerMu.Lock()
	h.next = o.holds
	if h.next != nil {
		h.next.prev = h
	}
	o.holds = h
	t.ledgerMu.Unlock()
}

// Object returns the object held, nil when the token was refused or released.
func (h *Hold) Object() *Object { return h.obj }

// Kind returns the kind of holder.
func (h *Hold) Kind() HoldKind { return h.kind }

// Who returns the holder's description.
func (h *Hold) Who() string { return h.who }

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
				Kind: ViolationToken, Type: h.storage.typ, Generation: h.storage.gen,
				Text: fmt.Sprintf("reference of %s %q released twice", h.kind, h.who),
			})
		}
		return
	}
	t := h.storage.tree
	t.ledgerMu.Lock()
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		o.holds = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	}
	h.prev, h.next, h.obj = nil, nil, nil
	t.ledgerMu.Unlock()
	if o.ref.Load() < h.n {
		h.storage.last = h.kind.String() + " " + h.who
	}
	o.unrefN(h.n)
}

// ReleaseAsync gives the references back from any goroutine: the token goes to
// the tree's queue, and the references last until [Tree.Drain] takes it out.
func (h *Hold) ReleaseAsync() {
	if h.storage == nil {
		return
	}
	t := h.storage.tree
	t.asyncMu.Lock()
	t.async = append(t.async, h)
	first := len(t.async) == 1
	t.asyncMu.Unlock()
	if first && t.OnAsync != nil {
		t.OnAsync()
	}
}

// Holds lists the tokens on the object, newest first.
func (o *Object) Holds() []*Hold {
	t := o.storage.tree
	t.ledgerMu.Lock()
	defer t.ledgerMu.Unlock()
	var list []*Hold
	for h := o.holds; h != nil; h = h.next {
		list = append(list, h)
	}
	return list
}
