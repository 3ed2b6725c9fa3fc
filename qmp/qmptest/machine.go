package qmptest

import (
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qom"
)

// shared keeps types and schema for all machines of a test binary.
var shared daemon.Shared

// Machine is a running machine.
type Machine struct {
	VM *daemon.VM

	t     testing.TB
	log   *transcript
	guest *manual // nil when the guest acts by itself

	mu     sync.Mutex
	client *Client
	socket string
}

// Start boots a machine and arranges for its end with t.Cleanup. A machine that
// cannot be made fails the test.
func Start(t testing.TB, opts ...Option) *Machine {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	cfg := o.machine(t)
	if o.paused {
		cfg.Paused = true
	}
	m := &Machine{t: t, log: newTranscript()}
	d := daemon.Options{
		Log:     slog.New(slog.NewTextHandler(m.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Shared:  &shared,
		Stepped: true,
		OnViolation: func(v qom.Violation) {
			t.Errorf("qmptest: %v", v)
		},
	}
	switch o.kind {
	case "":
		m.guest = &manual{}
		d.NewGuest = m.guest.attach
	default:
		cfg.Guest = o.kind
	}
	vm, err := daemon.Start(cfg, d)
	if err != nil {
		t.Fatalf("qmptest: %v", err)
	}
	m.VM = vm
	t.Cleanup(m.close)
	return m
}

func (m *Machine) close() {
	m.t.Helper()
	if c := m.client; c != nil {
		c.conn.Close()
	}
	m.Check()
	leaks := m.VM.Close()
	for _, s := range leaks {
		m.t.Errorf("qmptest: storage #%d of %s, once %s, is still held at the end", s.Generation(), s.TypeName(), s.FormerPath())
	}
	if m.t.Failed() {
		m.t.Logf("qmptest: conversation:\n%s", m.log)
	}
}

// Check verifies the invariants of the object tree and fails the test when one
// is broken. It runs at the end of every test by itself.
func (m *Machine) Check() {
	m.t.Helper()
	m.VM.Machine.Do(func() {
		for err := range qom.Check(m.VM.Machine.Tree()) {
			m.t.Errorf("qmptest: %v", err)
		}
	})
}

// Dial connects a QMP client in memory. The greeting is waiting on the
// connection.
func (m *Machine) Dial() net.Conn {
	ours, theirs := net.Pipe()
	m.VM.ServeConn(theirs, qmp.Monitor{Name: "qmptest"})
	return m.log.record(ours)
}

// Socket returns the path of a unix socket that the machine serves QMP on, one
// client at a time.
func (m *Machine) Socket() string {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.socket == "" {
		path := filepath.Join(m.t.TempDir(), "qmp.sock")
		s, err := chardev.OpenSocket(chardev.SocketOptions{Path: path, Server: true})
		if err != nil {
			m.t.Fatalf("qmptest: %v", err)
		}
		m.VM.ServeSocket(s, qmp.Monitor{Name: "qmptest"})
		m.socket = path
	}
	return m.socket
}

// Step moves virtual time on by d and runs the timers that fall due. While the
// machine is stopped they wait.
func (m *Machine) Step(d time.Duration) {
	m.VM.Machine.Do(func() { m.VM.Machine.Step(int64(d)) })
}

// Hold keeps the storage of the object at path from being freed, until the
// returned function is called.
func (m *Machine) Hold(path string) (release func()) {
	m.t.Helper()
	var h *qom.Hold
	m.VM.Machine.Do(func() {
		if o, _ := m.VM.Machine.Tree().Resolve(path, ""); o != nil {
			h = o.Hold(qom.HoldUser, "qmptest "+path)
		}
	})
	if h == nil {
		m.t.Fatalf("qmptest: nothing at %q to hold", path)
	}
	return func() { m.VM.Machine.Do(h.Release) }
}
