package qmptest

import (
	"sync"

	"github.com/qomd/qomd/devices/guest"
)

// manual is a guest that waits for the test before it reacts.
type manual struct {
	inner guest.Guest

	mu      sync.Mutex
	pending []guest.Event
}

func (g *manual) attach(hw guest.Hardware) guest.Guest {
	g.inner, _ = guest.New("linux", hw) // that name is always known
	return g
}

// Handle keeps an event until the test lets the guest react.
func (g *manual) Handle(e guest.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending = append(g.pending, e)
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
// powers the slots of those that came. It returns when the events of that are
// on their way, and fails the test when nothing was waiting.
func (m *Machine) Acknowledge() {
	m.t.Helper()
	if m.guest == nil {
		m.t.Fatal("qmptest: this guest acts by itself")
	}
	events := m.guest.take()
	if len(events) == 0 {
		m.t.Fatal("qmptest: nothing asked for the guest's attention")
	}
	m.VM.Machine.Do(func() {
		for _, e := range events {
			m.guest.inner.Handle(e)
		}
	})
}
