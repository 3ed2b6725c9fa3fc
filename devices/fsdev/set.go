package fsdev

import (
	"fmt"
	"sync"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Set has the exports of a machine.
type Set struct {
	do      func(func()) // takes the machine's lock
	list    map[string]*Export
	running sync.WaitGroup
}

// Keeper is what the machine's [qdev.Backends] implements to let devices find the
// exports.
type Keeper interface{ SharedFolders() *Set }

// SetOf returns the exports of the machine that o belongs to, an empty set for
// none.
func SetOf(o *qom.Object) *Set {
	if k, ok := qdev.EnvOf(o).Backends.(Keeper); ok {
		return k.SharedFolders()
	}
	return &Set{}
}

// NewSet makes the set of a machine; do takes its lock.
func NewSet(do func(func())) *Set { return &Set{do: do, list: map[string]*Export{}} }

// Add makes an export of what -fsdev says, see [Parse].
func (s *Set) Add(id string, given *qjson.Object) error {
	e, err := Parse(id, given)
	if err != nil {
		return err
	}
	if s.list[id] != nil {
		return fmt.Errorf("Duplicate ID '%s' for fsdev", id)
	}
	s.list[id] = e
	return nil
}

// Find returns the export with an id, nil when there is none.
func (s *Set) Find(id string) *Export { return s.list[id] }

// Go does work that may block without the lock; what is to be done then with the
// lock it returns.
func (s *Set) Go(work func() (then func())) {
	s.running.Go(func() {
		if then := work(); then != nil {
			s.do(then)
		}
	})
}

// Wait waits until no such work is left. The lock must not be held.
func (s *Set) Wait() { s.running.Wait() }
