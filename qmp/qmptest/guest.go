package qmptest

import (
	"sync"

	"github.com/qomd/qomd/devices/guest"
)

// manual is a Linux that has booted and then waits for the test before it
// reacts to anything.
type manual struct {
	inner guest.Guest

	mu      sync.Mutex
	booted  bool
	pending []guest.Event
}

func (g *manual) attach(hw guest.Hardware) guest.Guest {
	g.inner, _ = guest.New("linux", hw) // that name is always known
	return g
}

// Handle keeps an event until the test lets the guest react. The machine's lock
// is held.
func (g *manual) Handle(e guest.Event) {
	if e == guest.Resumed && g.boot() {
		g.inner.Handle(e)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending = append(g.pending, e)
}

// boot reports whether this is the first time.
func (g *manual) boot() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.booted
	g.booted = true
	return first
}

func (g *manual) take() []guest.Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.pending
	g.pending = nil
	return list
}

// Acknowledge lets the guest react to everything that happened since the last
// time, as Linux would: it ejects the devices it was asked to let go, and
// powers the slots of those that came. When it returns, whatever that made the
// machine say is on its way to the clients.
//
// It fails the test when nothing waits for the guest's attention, when the
// machine is stopped, and when the guest acts by itself anyway.
func (m *Machine) Acknowledge() {
	m.t.Helper()
	if m.guest == nil {
		m.t.Fatal("qmptest: this guest acts by itself, or there is none")
	}
	var fault string
	m.VM.Machine.Do(func() {
		if !m.VM.Machine.Running() {
			fault = "qmptest: the machine is stopped, and with it its guest"
			return
		}
		events := m.guest.take()
		if len(events) == 0 {
			fault = "qmptest: nothing waits for the guest's attention"
			return
		}
		m.log.notef("the guest reacts")
		for _, e := range events {
			m.guest.inner.Handle(e)
		}
	})
	if fault != "" {
		m.t.Fatal(fault)
	}
}
