package qdev

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/qom"
)

// HotplugHandler decides about devices that come and go. It corresponds to
// QEMU's hotplug-handler interface; what a handler does it says by implementing
// the interfaces below.
type HotplugHandler interface {
	QOM() *qom.Object
}

// A PrePlugger may refuse a device before it is realized.
type PrePlugger interface{ PrePlug(d *Device) error }

// A Plugger is told when a device has been realized, and may still refuse it.
type Plugger interface{ Plug(d *Device) error }

// An UnplugRequester asks the guest to let a device go. Without it the handler
// unplugs at once.
type UnplugRequester interface{ UnplugRequest(d *Device) error }

// An Unplugger removes a device; usually that is [Device.Unrealize] plus the
// handler's own book-keeping. Leaving the tree is not its business.
type Unplugger interface{ Unplug(d *Device) error }

// A BusChooser says on which of the buses that it is the handler of devices may
// come and go. On the others it is only told of devices made with the machine.
type BusChooser interface{ HandlesBus(b *Bus) bool }

// Blocker is a reason that forbids unplugging a device.
type Blocker struct {
	Err error
}

// AddBlocker forbids unplugging d until the returned function is called.
func (d *Device) AddBlocker(err error) (remove func()) {
	d.blockers = append(d.blockers, Blocker{err})
	return func() {
		for i, b := range d.blockers {
			if b.Err == err {
				d.blockers = append(d.blockers[:i], d.blockers[i+1:]...)
				return
			}
		}
	}
}

// Blockers lists what forbids unplugging d.
func (d *Device) Blockers() []Blocker { return d.blockers }

// HotplugHandler returns who decides about d: the machine, or else its bus.
func (d *Device) HotplugHandler() HotplugHandler {
	if f := d.Env().MachineHandler; f != nil {
		if h := f(d); h != nil {
			return h
		}
	}
	if d.bus != nil && d.bus.handler != nil {
		return d.bus.handler
	}
	return nil
}

// pendingUnplug is an unplug that was asked for and has not happened.
type pendingUnplug struct {
	pending bool
	away    bool  // only for a while, see [Device.SendAway]
	expires bool  // a repeated request is accepted from expiry on
	expiry  int64 // virtual milliseconds
	since   int64 // when it was asked for, nanoseconds of the tree's clock
	notice  *endNotice
}

// SetUnplugPending marks the device as asked to leave. A further device_del is
// refused until d of virtual time has passed. As in QEMU, an expiry that falls
// on virtual time 0, on a machine that never ran, means never.
func (d *Device) SetUnplugPending(wait time.Duration) {
	d.unplug.pending, d.unplug.since = true, d.Tree().Now()
	d.unplug.expiry = d.Env().Clock.Now()/int64(time.Millisecond) + wait.Milliseconds()
	d.unplug.expires = d.unplug.expiry != 0
}

// ClearUnplugPending takes that back.
func (d *Device) ClearUnplugPending() { d.unplug.pending = false }

// UnplugSince returns when that was, in nanoseconds of the tree's clock.
func (d *Device) UnplugSince() int64 { return d.unplug.since }

// UnplugPending reports whether the device was asked to leave.
func (d *Device) UnplugPending() bool { return d.unplug.pending }

// Del is the monitor's device_del: name is an id or a path. It asks for the
// device's removal, or removes it at once where no guest is needed.
func Del(env *Env, name string) error {
	d, err := Find(env, name)
	if err != nil {
		return err
	}
	if p := &d.unplug; p.pending && (!p.expires || p.expiry > env.Clock.Now()/int64(time.Millisecond)) {
		return fmt.Errorf("Device %s is already in the process of unplug", name)
	}
	return d.Unplug()
}

// Find returns the device of an id or a path; a relative path starts at the
// container of the devices that have an id.
func Find(env *Env, name string) (*Device, error) {
	var o *qom.Object
	if len(name) > 0 && name[0] == '/' {
		o, _ = env.Tree.Resolve(name, "")
	} else {
		o = env.Peripheral.ResolveFrom(name)
	}
	if o == nil {
		return nil, &qom.NotFoundError{Path: name}
	}
	d := From(o)
	if d == nil {
		return nil, fmt.Errorf("%s is not a device", name)
	}
	return d, nil
}

// Unplug asks for the removal of the device, in QEMU's order of checks.
func (d *Device) Unplug() error {
	env := d.Env()
	if len(d.blockers) > 0 {
		return d.blockers[0].Err
	}
	if err := d.hotplugAllowed(d.bus); err != nil {
		return err
	}
	handler := d.HotplugHandler()
	if env.Migrating != nil && env.Migrating() {
		return fmt.Errorf("device_del not allowed while migrating")
	}
	if h, ok := handler.(UnplugRequester); ok {
		return h.UnplugRequest(d)
	}
	return Remove(handler, d)
}

// hotplugAllowed checks the class, the bus and the machine, in this order.
func (d *Device) hotplugAllowed(bus *Bus) error {
	if !ClassOf(d.Class()).Hotpluggable {
		return fmt.Errorf("Device '%s' does not support hotplugging", d.TypeName())
	}
	if bus != nil {
		if !bus.Hotpluggable() {
			return fmt.Errorf("Bus '%s' does not support hotplugging", bus.name)
		}
		return nil
	}
	if f := d.Env().MachineHandler; f == nil || f(d) == nil {
		return fmt.Errorf("Device '%s' can not be hotplugged on this machine", d.TypeName())
	}
	return nil
}

// Remove takes a device away now: the handler unplugs it, then it leaves the
// tree. Guests that eject a device end here. What is still being realized stays:
// the guest that ejects it cannot have been told of it yet.
func Remove(h HotplugHandler, d *Device) error {
	if d.realizing {
		return fmt.Errorf("device '%s' is being realized", d.Label())
	}
	if d.unplug.away {
		d.unplug.pending = false
		if f := d.Env().LetGo; f != nil {
			f()
		}
		return nil
	}
	if err := d.Env().fault(StageUnplug, d); err != nil {
		return err
	}
	if u, ok := h.(Unplugger); ok {
		if err := u.Unplug(d); err != nil {
			return err
		}
	} else {
		d.Unrealize()
	}
	d.Unparent()
	return nil
}
