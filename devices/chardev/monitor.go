package chardev

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Monitor describes an object monitor-qmp or monitor-hmp.
type Monitor struct {
	ID      string
	Chardev string
	Control bool // QMP, not HMP
	Pretty  bool
	// DeleteOnClose removes the monitor and its character device when its
	// client hangs up (close-action=delete).
	DeleteOnClose bool
	// NoReadline turns line editing off.
	NoReadline bool
}

// Monitors serves monitors. Its methods are called under the machine's lock.
type Monitors interface {
	// Serve makes the front end that serves a monitor.
	Serve(m Monitor) (*Frontend, error)
	// Current is the id of the QMP monitor whose command is being run; empty
	// for none.
	Current() string
	// SetPretty changes the layout of a monitor's messages.
	SetPretty(id string, pretty bool)
}

// Keeper is what the machine's [qdev.Backends] implements to let objects find
// the set of character devices.
type Keeper interface{ CharacterDevices() *Set }

// SetOf returns the set of the machine that o belongs to, nil for none.
func SetOf(o *qom.Object) *Set {
	if k, ok := qdev.EnvOf(o).Backends.(Keeper); ok {
		return k.CharacterDevices()
	}
	return nil
}

// frontendKey is where a monitor's object keeps its front end.
const frontendKey = "frontend"

// registerMonitors adds the objects that are monitors. Versions of QEMU before
// 11.1 have none.
func registerMonitors(t *qom.Types) {
	if !t.HasFacts("monitor-qmp") {
		return
	}
	behave := func(c *qom.Class) {
		object.SetBehavior(c, object.Behavior{
			Required: []string{"chardev"}, Complete: completeMonitor, MayDelete: mayDeleteMonitor,
		})
	}
	plain := func(name string) *qom.Property {
		return &qom.Property{Name: name, Type: "bool",
			Get: func(o *qom.Object) (any, error) { return o.Stored(name) == true, nil },
			Set: func(o *qom.Object, in qom.Input) error {
				b, err := in.Bool(name)
				if err == nil {
					o.Store(name, b)
				}
				return err
			}}
	}
	pretty := plain("pretty")
	store := pretty.Set
	pretty.Set = func(o *qom.Object, in qom.Input) error {
		if err := store(o, in); err != nil {
			return err
		}
		if s := SetOf(o); s != nil && s.Monitors != nil && o.Parent() != nil {
			s.Monitors.SetPretty(o.Name(), o.Stored("pretty") == true)
		}
		return nil
	}
	t.Add(qom.TypeInfo{Name: "monitor-qmp", Parent: "monitor", ClassInit: behave, Unparent: unparentMonitor,
		Properties: []*qom.Property{pretty}})
	t.Add(qom.TypeInfo{Name: "monitor-hmp", Parent: "monitor", ClassInit: behave, Unparent: unparentMonitor,
		Init: func(o *qom.Object) { o.Store("readline", true) }})
}

// completeMonitor attaches a monitor to its character device.
func completeMonitor(o *qom.Object) error {
	s := SetOf(o)
	if s == nil || s.Monitors == nil {
		return fmt.Errorf("chardev \"%s\" not found", o.StoredString("chardev"))
	}
	return s.Monitor(o, Monitor{
		ID: o.Name(), Chardev: o.StoredString("chardev"), Control: o.TypeName() == "monitor-qmp",
		Pretty: o.Stored("pretty") == true, DeleteOnClose: o.StoredString("close-action") == "delete",
		NoReadline: o.Stored("readline") == false,
	})
}

// Monitor makes a monitor on a character device; o is its object, which may be
// nil.
func (s *Set) Monitor(o *qom.Object, m Monitor) error {
	c := s.Find(m.Chardev)
	if c == nil {
		return fmt.Errorf("chardev \"%s\" not found", m.Chardev)
	}
	f, err := s.Monitors.Serve(m)
	if err != nil {
		return err
	}
	f.Event = func(e Event) {
		if e == Closed && deleteOnClose(o, m) {
			s.deleteMonitor(o, c)
		}
	}
	if err := c.Connect(f); err != nil {
		return err
	}
	if o != nil {
		o.Store(frontendKey, f)
	}
	return nil
}

// deleteOnClose reports whether a monitor goes with its client; its property may
// have changed since it was made.
func deleteOnClose(o *qom.Object, m Monitor) bool {
	if o == nil {
		return m.DeleteOnClose
	}
	return o.StoredString("close-action") == "delete"
}

// deleteMonitor removes a monitor whose client is gone, and the character
// device nobody can use any more.
func (s *Set) deleteMonitor(o *qom.Object, c *Chardev) {
	if o != nil && o.Parent() != nil {
		o.Unparent()
	}
	if c.Parent() != nil && !c.Busy() {
		s.drop(c)
	}
}

// mayDeleteMonitor keeps a monitor from cutting off the branch it sits on, and
// those for people, which QEMU never deletes.
func mayDeleteMonitor(o *qom.Object) error {
	if o.TypeName() == "monitor-hmp" {
		return errors.New("Deleting HMP monitors is not supported")
	}
	s := SetOf(o)
	if s == nil || s.Monitors == nil {
		return nil
	}
	if s.Monitors.Current() == o.Name() {
		return errors.New("Cannot delete the current QMP monitor")
	}
	return nil
}

// unparentMonitor takes the monitor off its device; the client stays connected
// and is not told.
func unparentMonitor(o *qom.Object) {
	if f, ok := o.Stored(frontendKey).(*Frontend); ok && f != nil {
		f.Disconnect()
		o.Store(frontendKey, (*Frontend)(nil))
	}
}
