package qmptest

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// shared keeps types and schema for all machines of a test binary.
var shared daemon.Shared

// Machine is a running machine.
type Machine struct {
	// VM is what runs, for tests that have to look behind the monitor.
	VM *daemon.VM

	t      testing.TB
	log    *transcript
	broken collected
	guest  *manual // nil when the guest acts by itself

	mu     sync.Mutex
	conns  []net.Conn // the test's ends of Dial
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
	m := &Machine{t: t, log: new(transcript)}
	m.broken.expected = o.violations
	if err := m.start(o.machine(t), o.guest); err != nil {
		t.Fatalf("qmptest: %v", err)
	}
	t.Cleanup(m.close)
	return m
}

func (m *Machine) start(cfg config.Machine, guest string) error {
	d := daemon.Options{
		Log:      m.log.logger(func(p string) { m.t.Errorf("qmptest: panic: %s", p) }),
		Shared:   &shared,
		Stepped:  true,
		OnMisfit: func(err error) { m.t.Errorf("qmptest: %v", err) },
		WrapConn: m.log.record,
		// As with a process that ends, clients are hung up on.
		OnExit: func(vm *daemon.VM) {
			m.log.notef("the machine ends")
			go vm.Close() // m.close waits for it
		},
		OnViolation: m.violated,
	}
	switch {
	case guest != "":
		cfg.Guest = guest
	case cfg.Guest == "":
		m.guest = new(manual)
		d.NewGuest = m.guest.attach
	}
	var err error
	m.VM, err = daemon.Start(cfg, d)
	return err
}

// close takes the machine down and looks at what it leaves behind.
func (m *Machine) close() {
	m.t.Helper()
	m.log.end()
	m.mu.Lock()
	for _, c := range m.conns {
		c.Close()
	}
	m.mu.Unlock()
	m.Check()
	if leaks := m.VM.Close(); len(leaks) > 0 && !m.broken.expected {
		m.VM.Machine.Do(func() {
			m.t.Errorf("qmptest: still held when the machine was gone:\n%s", qomtest.Leaks(m.VM.Machine.Tree()))
		})
	}
	if m.t.Failed() {
		m.t.Logf("qmptest: conversation:\n%s", m.log)
	}
}

// Check verifies the invariants of the object tree and fails the test when one
// is broken. It runs at the end of every test by itself.
func (m *Machine) Check() {
	m.t.Helper()
	m.VM.Machine.Do(func() { qomtest.Check(m.t, m.VM.Machine.Tree()) })
}

// Dial connects a QMP client in memory. The greeting is waiting on the
// connection; as with any [net.Pipe], the machine's messages wait for the
// client to read them. The connection is closed with the machine at the latest.
func (m *Machine) Dial() net.Conn {
	ours, theirs := net.Pipe()
	m.mu.Lock()
	m.conns = append(m.conns, ours)
	m.mu.Unlock()
	m.VM.ServeConn(theirs, qmp.Monitor{Name: "qmptest"})
	return ours
}

// Socket returns the path of a unix socket that the machine serves QMP on, one
// client at a time as QEMU does: the next one's greeting waits until the first
// is gone. It is always the same one.
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
// machine is stopped virtual time stands still, whatever the test does.
func (m *Machine) Step(d time.Duration) {
	m.log.notef("%v pass", d)
	m.VM.Machine.Do(func() {
		if m.VM.Machine.Running() {
			m.VM.Machine.Step(int64(d))
		}
	})
}

// Hold keeps the storage of the object at path from being freed, as a request
// in flight or an overlooked reference would, until the returned function is
// called. It fails the test when there is no such object.
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
	m.log.notef("%s is held", path)
	return func() {
		m.log.notef("%s is released", path)
		m.VM.Machine.Do(h.Release)
	}
}
