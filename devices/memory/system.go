package memory

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qom"
)

// System is the memory of one machine: its address spaces, the transaction in
// progress, and the reclaimer.
type System struct {
	Tree *qom.Tree
	// Unattached becomes the parent of regions without owner; nil means the
	// root of the tree. QEMU uses /machine/unattached.
	Unattached *qom.Object
	// PlainTypes calls regions that contain others "i/o" when they are printed.
	PlainTypes bool
	// Log gets warnings about devices; the default discards them.
	Log *slog.Logger
	// Reclaimer runs what waits for a grace period.
	Reclaimer Reclaimer
	// DMAFault reports whether the mapping that a holder asks for fails for want
	// of bounce buffers, on purpose; nil, as it usually is: none does.
	DMAFault func(holder string) bool
	// Trace knows which trace points are on; nil: none.
	Trace *trace.Tracer
	// Elsewhere runs what ends the reference of a mapping on another goroutine,
	// on purpose; nil, as it usually is: it ends where the mapping does.
	Elsewhere func(func())

	spaces    []*AddressSpace
	views     map[*Region]*View // current ones, by root
	empty     *View             // what a space without anything shows
	rendered  uint64            // number of the last rendering
	depth     int               // of nested transactions
	dirty     []*Region         // changed in the transaction
	listeners []*listener
	warned    bool // about a device that re-enters itself
	stats     Stats

	asyncMu sync.Mutex
	async   []asyncUnmap
	waiting atomic.Bool // there are some
}

type listener struct{ fn func() }

// Stats counts what happened since the machine was made.
type Stats struct {
	Reads, Writes uint64 // accesses through address spaces, under the lock
	Unassigned    uint64 // pieces of them that found nothing
	Late          uint64 // pieces that a closed gate kept out
	Reentered     uint64 // pieces refused because the device would be re-entered
	Commits       uint64 // transactions that changed something
	Rendered      uint64 // views rendered
	Discarded     uint64 // views thrown away
}

// NewSystem returns the memory of a machine, without any address space.
func NewSystem(tree *qom.Tree) *System {
	s := &System{Tree: tree, Log: slog.New(slog.DiscardHandler), views: map[*Region]*View{}}
	s.Reclaimer.tree = tree
	s.empty = &View{sys: s}
	return s
}

func (s *System) unattached() *qom.Object {
	if s.Unattached != nil {
		return s.Unattached
	}
	return s.Tree.Root()
}

// Stats returns the counters.
func (s *System) Stats() Stats {
	st := s.stats
	st.Rendered = s.rendered
	return st
}

// Begin starts a transaction: until its [System.Commit] changes of the
// topology do not show. Transactions nest; the outermost counts.
func (s *System) Begin() { s.depth++ }

// Commit ends a transaction. The views of the address spaces that it affects
// are thrown away; the next access renders new ones.
func (s *System) Commit() {
	if s.depth--; s.depth > 0 || len(s.dirty) == 0 {
		return
	}
	dirty := s.dirty
	s.dirty = nil
	s.stats.Commits++
	for _, as := range s.spaces {
		as.update(dirty)
	}
	for _, l := range slices.Clone(s.listeners) {
		l.fn()
	}
}

// changed notes that the region, or what is added to it, differs.
func (s *System) changed(r *Region) {
	if n := len(s.dirty); n == 0 || s.dirty[n-1] != r {
		s.dirty = append(s.dirty, r)
	}
}

// Listen has fn called at the end of each transaction that changed something;
// stop ends that. Devices that cache regions render them anew there.
func (s *System) Listen(fn func()) (stop func()) {
	l := &listener{fn}
	s.listeners = append(s.listeners, l)
	return func() {
		if i := slices.Index(s.listeners, l); i >= 0 {
			s.listeners = slices.Delete(s.listeners, i, i+1)
		}
	}
}

// Spaces lists the address spaces, oldest first.
func (s *System) Spaces() []*AddressSpace { return slices.Clone(s.spaces) }

// Drain finishes what goroutines handed over: mappings of
// [Mapping.UnmapAsync], tokens of [qom.Hold.ReleaseAsync]. It reports whether
// there was any.
func (s *System) Drain() bool {
	did := false
	for {
		var queue []asyncUnmap
		if s.waiting.Load() {
			s.asyncMu.Lock()
			queue, s.async = s.async, nil
			s.waiting.Store(false)
			s.asyncMu.Unlock()
		}
		for _, u := range queue {
			u.m.Unmap(u.accessed)
		}
		if !s.Tree.Drain() && len(queue) == 0 {
			return did
		}
		did = true
	}
}

// Close destroys all address spaces and settles.
func (s *System) Close() {
	for len(s.spaces) > 0 {
		s.spaces[len(s.spaces)-1].Destroy()
	}
	s.Settle()
}

// Settle drains and runs the reclaimer until both are at rest. The machine
// calls it, under its lock, when the reply to a command is queued and after an
// access by the guest.
func (s *System) Settle() {
	for again := true; again; {
		again = s.Drain()
		again = s.Reclaimer.Run() || again
	}
}
