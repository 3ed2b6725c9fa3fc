package migration

import (
	"log/slog"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/qjson"
)

// Migration is a machine's part in migrations: as a source, of which the last
// one is kept, or as a destination. Its methods need the machine's lock unless
// they say otherwise.
type Migration struct {
	Settings
	host Host
	log  *slog.Logger
	out  *outgoing // the last one, nil: there was none
	in   *incoming // nil: the machine does not wait for a stream

	working sync.WaitGroup

	mu    sync.Mutex // guards what follows, which any goroutine may use
	cut   func()     // ends the connection in use; nil: there is none
	moves bool       // the source has something to do by itself
	rests sync.Cond
}

// New returns the migration of a machine; log may be nil.
func New(host Host, log *slog.Logger) *Migration {
	m := &Migration{host: host, log: log}
	m.rests.L = &m.mu
	return m
}

// Rest waits until a source has nothing to do before its user says something,
// or is through. It must be called without the lock.
func (m *Migration) Rest() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.moves {
		m.rests.Wait()
	}
}

func (m *Migration) setMoves(moves bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moves = moves
	m.rests.Broadcast()
}

// Busy reports whether the machine is on its way to another place, so that no
// device may come or go.
func (m *Migration) Busy() bool { return m.out != nil && m.out.status.busy() }

// Query tells how the last migration went, or is going.
func (m *Migration) Query() Info {
	var info Info
	if m.in != nil {
		m.in.tell(&info)
	}
	if m.out != nil {
		m.out.tell(&info, time.Now())
	}
	if size, _ := qjson.Int(m.Parameter("xbzrle-cache-size")); info.RAM != nil && m.Has("xbzrle") {
		info.Cache = &Cache{Size: size}
	}
	info.Blocked = m.host.Blockers()
	return info
}

// Status is that of the last migration as a source.
func (m *Migration) Status() Status {
	if m.out == nil {
		return None
	}
	return m.out.status
}

// tellStatus sends MIGRATION if clients want to hear of it.
func (m *Migration) tellStatus(s Status) {
	if m.Has("events") {
		m.host.Emit("MIGRATION", statusData{s})
	}
}

// Yank ends the connection in use and reports whether there was one. It needs
// no lock.
func (m *Migration) Yank() bool {
	m.mu.Lock()
	cut := m.cut
	m.mu.Unlock()
	if cut != nil {
		cut()
	}
	return cut != nil
}

// Yankable reports whether there is a connection to end. It needs no lock.
func (m *Migration) Yankable() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cut != nil
}

// use says how the connection in use is ended, nil when there is none any more.
func (m *Migration) use(cut func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut = cut
}

// Close ends what is going on and waits for it. It must be called without the
// lock.
func (m *Migration) Close() {
	m.host.Do(func() {
		if m.out != nil {
			m.out.closed = true
			m.out.cancel()
			m.out.poke()
		}
		if m.in != nil {
			m.in.closed = true
		}
	})
	m.Yank()
	m.working.Wait()
}

// addresses lists where a destination listens.
func addresses(a *chardev.SocketAddress) []chardev.SocketAddress {
	if a == nil {
		return nil
	}
	return []chardev.SocketAddress{*a}
}
