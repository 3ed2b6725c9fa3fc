package chardev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/qom"
)

// Descriptors are the files that clients have handed over.
type Descriptors interface {
	// Take gives up the descriptor of that name, from getfd or a number the
	// process inherited, to the caller.
	Take(name string) (*os.File, error)
	// Open duplicates a descriptor of a set that fits flags (add-fd).
	Open(set int64, flags int) (*os.File, error)
}

// Set is the character devices of one machine. Its methods need the machine's
// lock unless they say otherwise.
type Set struct {
	// Panel is where a mouse at a serial line is one of the pointing devices; nil:
	// nowhere.
	Panel *input.Panel
	// Do runs a function under the machine's lock.
	Do func(func())
	// Log may be nil.
	Log *slog.Logger
	// FDs are the files of clients; nil: there are none.
	FDs Descriptors
	// Monitors serves the objects monitor-qmp and monitor-hmp; nil: nobody does.
	Monitors Monitors
	// Terminal is what people at a multiplexed device may do.
	Terminal Terminal
	// Yanks are the connections that can be cut.
	Yanks *Yanks

	root  *qom.Object
	order hashOrder // of the devices in root
	wg    sync.WaitGroup
	stdio bool // in use
}

// NewSet returns the set of the devices in the container root. do runs a
// function under the machine's lock.
func NewSet(root *qom.Object, do func(func()), yanks *Yanks, log *slog.Logger) *Set {
	return &Set{Do: do, Log: log, Yanks: yanks, root: root}
}

// Find returns the device of that id, nil when there is none.
func (s *Set) Find(id string) *Chardev {
	return From(s.root.Child(id))
}

// List returns the devices in the order of QEMU's query-chardev.
func (s *Set) List() []*Chardev {
	list := make([]*Chardev, 0, s.order.names)
	for _, name := range s.order.list() {
		list = append(list, s.Find(name))
	}
	return list
}

// addError is why no device could be added.
func addError(id string, err error) error {
	return fmt.Errorf("Failed to add chardev '%s': %w", id, err)
}

// MayAdd refuses an id that is taken.
func (s *Set) MayAdd(id string) error {
	if s.Find(id) != nil {
		return fmt.Errorf("Chardev with id '%s' already exists", id)
	}
	return nil
}

// Opener opens a backend, or has opened it already.
type Opener func() (Backend, error)

// Opener returns what opens a backend when it is called.
func (s *Set) Opener(o Options) Opener {
	return func() (Backend, error) {
		o, err := s.Prepare(o)
		if err != nil {
			return nil, err
		}
		return s.Open(context.Background(), o)
	}
}

// Create opens a backend of o and adds a device on it, as chardev-add does.
func (s *Set) Create(id string, o Options) (*Chardev, error) { return s.CreateOn(id, o, s.Opener(o)) }

// CreateOn is [Set.Create] with a backend from somewhere else.
func (s *Set) CreateOn(id string, o Options, open Opener) (*Chardev, error) {
	if err := s.MayAdd(id); err != nil {
		return nil, err
	}
	b, err := open()
	if err != nil {
		return nil, addError(id, err)
	}
	c, err := s.Add(id, b, o)
	if err != nil {
		return nil, addError(id, err)
	}
	return c, nil
}

// Add adds a device on a backend that is open already, made of o; when it fails
// the backend is closed.
func (s *Set) Add(id string, b Backend, o Options) (*Chardev, error) {
	c, err := s.add(id, b, o)
	if err != nil {
		b.Close()
		return nil, err
	}
	c.start()
	s.addYank(c)
	if m, ok := b.(*serialMouse); ok {
		m.plug()
	}
	return c, nil
}

// AddMuxed is [Set.Add] for a device that several front ends share: id is that
// of the multiplexer.
func (s *Set) AddMuxed(id string, b Backend, o Options) (*Chardev, error) {
	base := id + "-base"
	if _, err := s.Add(base, b, o); err != nil {
		return nil, err
	}
	mux := Options{Kind: "mux", Base: base}
	m, err := s.Opener(mux)()
	if err != nil {
		return nil, err
	}
	return s.Add(id, m, mux)
}

func (s *Set) add(id string, b Backend, o Options) (*Chardev, error) {
	log, err := s.openLog(o.LogFile, o.LogAppend)
	if err != nil {
		return nil, err
	}
	object, err := s.root.Tree().New(b.TypeName())
	if err != nil {
		log.close()
		return nil, fmt.Errorf("'%s' is not a valid char driver name", o.Kind)
	}
	defer object.Unref()
	c := From(object)
	c.set, c.backend, c.log = s, b, log
	if err := s.root.AddChild(id, object); err != nil {
		log.close()
		return nil, err
	}
	s.order.insert(id)
	return c, nil
}

func (s *Set) addYank(c *Chardev) {
	if b, ok := c.backend.(*Socket); ok && s.Yanks != nil {
		s.Yanks.Add(c.Label(), b.Cut)
	}
}

// Remove takes a device away, unless somebody uses it.
func (s *Set) Remove(id string) error {
	c := s.Find(id)
	switch {
	case c == nil:
		return fmt.Errorf("Chardev '%s' not found", id)
	case c.Busy():
		return fmt.Errorf("Chardev '%s' is busy", id)
	}
	return s.drop(c)
}

// drop closes a device and takes it out of the tree.
func (s *Set) drop(c *Chardev) error {
	if s.Yanks != nil {
		s.Yanks.Remove(c.Label())
	}
	if m, ok := c.backend.(*serialMouse); ok {
		m.unplug()
	}
	err := c.stop()
	s.order.remove(c.Label())
	c.Unparent()
	return err
}

// Change puts a device on another backend in the place of one, whose front end
// moves over (chardev-change).
func (s *Set) Change(id string, o Options) (*Chardev, error) { return s.ChangeOn(id, o, s.Opener(o)) }

// ChangeOn is [Set.Change] with a backend from somewhere else.
func (s *Set) ChangeOn(id string, o Options, open Opener) (*Chardev, error) {
	if err := s.MayChange(id, o); err != nil {
		return nil, err
	}
	old := s.Find(id)
	fe := old.port.fe
	if fe == nil { // nobody would miss it
		s.drop(old)
		return s.CreateOn(id, o, open)
	}
	b, err := open()
	if err != nil {
		return nil, err
	}
	old.port.detach(fe)
	wasOpen := fe.open
	s.drop(old)
	c, err := s.Add(id, b, o)
	if err != nil {
		return nil, err
	}
	c.port.attach(fe)
	fe.open = wasOpen
	if err := fe.Swap(); err != nil {
		return nil, err
	}
	fe.Ready()
	return c, nil
}

// MayChange refuses a change that cannot be.
func (s *Set) MayChange(id string, o Options) error {
	old := s.Find(id)
	if old == nil {
		return fmt.Errorf("Chardev '%s' does not exist", id)
	}
	if shared(old.backend) {
		return errors.New("For mux or hub device hotswap is not supported yet")
	}
	fe := old.port.fe
	if fe != nil && fe.Swap == nil {
		return errors.New("Chardev user does not support chardev hotswap")
	}
	if fe != nil && (o.Kind == "mux" || o.Kind == "hub") {
		return errors.New("For mux or hub device hotswap is not supported yet")
	}
	return nil
}

func shared(b Backend) bool {
	switch b.(type) {
	case *Mux, *Hub:
		return true
	}
	return false
}

// Close closes every device and waits for the goroutines of all. It must be
// called without the machine's lock.
func (s *Set) Close() {
	s.Do(func() {
		for _, c := range s.List() {
			if err := c.stop(); err != nil && s.Log != nil {
				s.Log.Warn("closing a character device", "id", c.Label(), "error", err)
			}
		}
	})
	s.wg.Wait()
}
