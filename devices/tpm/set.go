package tpm

import (
	"log/slog"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/chardev"
)

// Set is the TPM of a machine, if it has one.
type Set struct {
	// Waiting reports whether the machine waits for its state to come from
	// another host.
	Waiting func() bool

	do      func(func()) // takes the machine's lock
	log     *slog.Logger
	chars   *chardev.Set
	working sync.WaitGroup
	backend *Backend
}

// NewSet makes the set of a machine; do takes its lock.
func NewSet(chars *chardev.Set, do func(func()), log *slog.Logger) *Set {
	return &Set{chars: chars, do: do, log: log}
}

// Find returns the back end with an id, nil when there is none.
func (s *Set) Find(id string) *Backend {
	if s.backend != nil && s.backend.id == id {
		return s.backend
	}
	return nil
}

// Info is what query-tpm tells of a TPM.
type Info struct {
	ID      string  `json:"id"`
	Model   string  `json:"model"`
	Options Options `json:"options"`
}

// Query lists the TPMs that a device uses.
func (s *Set) Query() []Info {
	if b := s.backend; b != nil && b.device != nil {
		return []Info{{b.id, b.device.TypeName(), b.driver.options()}}
	}
	return []Info{}
}

// Wait waits until the TPM has done what it was told so far, and returns why it is
// not in order. As the methods below it is called without the machine's lock.
func (s *Set) Wait() error {
	b := s.backend
	if b == nil {
		return nil
	}
	return b.wait(func() (err error) {
		s.do(func() { b.started, err = true, b.broken })
		return err
	})
}

// Collect reads the state of the TPM, so that it can be saved. The machine stands
// still.
func (s *Set) Collect() error {
	b := s.backend
	if b == nil || b.driver.movable() != nil {
		return nil
	}
	return b.wait(func() error {
		got, err := b.driver.save()
		s.do(func() { b.state, b.relock = got, err == nil })
		return err
	})
}

// Install gives the TPM the state that has come, if any.
func (s *Set) Install() error {
	if s.backend == nil {
		return nil
	}
	return s.backend.wait(s.backend.install)
}

// InstallSoon is Install for those who hold the machine's lock: it does not wait,
// and an error is logged.
func (s *Set) InstallSoon() {
	if b := s.backend; b != nil {
		b.enqueue(func() { b.report(b.install()) })
	}
}

// Movable reports whether there is a TPM whose state can be saved.
func (s *Set) Movable() bool { return s.backend != nil && s.backend.driver.movable() == nil }

// Resumed is told, under the machine's lock, that the machine goes on.
func (s *Set) Resumed() {
	if b := s.backend; b != nil && b.relock {
		b.relock, b.state = false, state{}
		b.enqueue(func() { b.report(b.driver.relock()) })
	}
}

// patience is how long a command that is under way may take when the machine ends.
const patience = 2 * time.Second

// Close shuts the TPM down.
func (s *Set) Close() {
	b := s.backend
	if b == nil {
		return
	}
	s.do(func() {
		b.closed = true
		b.cancel()
	})
	late := time.AfterFunc(patience, b.driver.abandon)
	s.working.Wait()
	late.Stop()
	b.report(b.driver.close())
}
