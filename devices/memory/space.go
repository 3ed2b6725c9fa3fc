package memory

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/qomd/qomd/qom"
)

// DefaultBounceLimit is how many bytes of an address space may be mapped
// through bounce buffers at once, unless [AddressSpace.BounceLimit] says
// otherwise (QEMU's x-max-bounce-buffer-size).
const DefaultBounceLimit = 4096

// AddressSpace is memory as the processor or one device sees it.
type AddressSpace struct {
	// BounceLimit bounds the bytes in bounce buffers.
	BounceLimit uint64

	sys   *System
	root  *Region // nil once destroyed
	name  string
	ports bool
	hold  qom.Hold             // on the owner of root
	view  atomic.Pointer[View] // nil: to be rendered
	chain []*Region            // regions that led from root to the view's root

	bounced uint64 // bytes in bounce buffers
	waiters []*Waiter
}

// NewSpace returns an address space that shows root. Where nothing is, reads
// yield 0 and every access fails with DecodeError.
func (s *System) NewSpace(root *Region, name string) *AddressSpace {
	as := &AddressSpace{BounceLimit: DefaultBounceLimit, sys: s, root: root, name: name}
	if root.owner != nil {
		root.owner.HoldInto(&as.hold, qom.HoldSpaceRoot, "address space "+name, 1)
	}
	s.spaces = append(s.spaces, as)
	return as
}

// NewPortSpace returns an address space of I/O ports: where nothing is, reads
// yield all ones and every access succeeds.
func (s *System) NewPortSpace(root *Region, name string) *AddressSpace {
	as := s.NewSpace(root, name)
	as.ports = true
	return as
}

// Name returns the name of the space.
func (as *AddressSpace) Name() string { return as.name }

// Root returns the region that the space shows, nil once destroyed.
func (as *AddressSpace) Root() *Region { return as.root }

// Ports reports whether this is a space of I/O ports.
func (as *AddressSpace) Ports() bool { return as.ports }

// System returns the machine's memory.
func (as *AddressSpace) System() *System { return as.sys }

// Bounced returns how many bytes are in bounce buffers.
func (as *AddressSpace) Bounced() uint64 { return as.bounced }

// View returns the current view, on any goroutine that has a pin, or nil when
// the topology changed since the last access. [AddressSpace.Current] makes one
// then, under the machine's lock.
func (as *AddressSpace) View() *View { return as.view.Load() }

// Current returns the current view, rendering it when there is none. During a
// transaction that is the view from before it or, if there was none, the state
// so far.
func (as *AddressSpace) Current() *View {
	if v := as.view.Load(); v != nil {
		return v
	}
	s := as.sys
	root, chain := viewRoot(as.root, nil)
	v := s.empty
	if root != nil {
		if v = s.views[root]; v == nil {
			v = s.render(root)
			s.views[root] = v
		}
	}
	v.refs++
	as.chain = slices.Clip(chain)
	as.view.Store(v)
	return v
}

// update throws the view away if what it shows, or the way to its root, may
// have changed.
func (as *AddressSpace) update(dirty []*Region) {
	v := as.view.Load()
	if v == nil {
		return
	}
	if v.dependsOn(dirty) {
		if as.sys.views[v.root] == v {
			delete(as.sys.views, v.root) // stale for whoever asks next
		}
		as.discard()
		return
	}
	for _, r := range dirty {
		if slices.Contains(as.chain, r) || r.container != nil && slices.Contains(as.chain, r.container) {
			as.discard()
			return
		}
	}
}

// discard stops showing the view.
func (as *AddressSpace) discard() {
	if v := as.view.Swap(nil); v != nil {
		as.chain = nil
		v.unref()
	}
}

// Destroy ends the space: it shows nothing from now on, and lets its root go
// after a grace period. The device must have finished its own mappings by
// then.
func (as *AddressSpace) Destroy() {
	s := as.sys
	i := slices.Index(s.spaces, as)
	if i < 0 {
		return
	}
	s.spaces = slices.Delete(s.spaces, i, i+1)
	as.discard()
	as.root, as.waiters = nil, nil
	s.Reclaimer.Retire("address space "+as.name, func() {
		if as.bounced != 0 {
			s.violate("address space "+as.name, "destroyed with %d bytes in bounce buffers", as.bounced)
		}
		as.hold.Release()
	})
}

// violate reports a rule broken by a device model.
func (s *System) violate(what, format string, args ...any) {
	v := qom.Violation{Kind: qom.ViolationStorage, Type: what, Text: fmt.Sprintf(format, args...)}
	if s.Tree.OnViolation == nil {
		panic(v)
	}
	s.Tree.OnViolation(v)
}
