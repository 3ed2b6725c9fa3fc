package qdev

import (
	"fmt"
	"runtime/debug"

	"github.com/qomd/qomd/qom"
)

// Realize brings the device to life, on bus unless that is nil. On an error
// the device is unrealized and stays where it is, in the tree and on the bus;
// usually the caller takes it out with Unparent. A device without a parent
// becomes a child of [Env.Unattached], but only if it can be realized.
func (d *Device) Realize(bus *Bus) (err error) {
	if d.realized {
		return nil
	}
	if d.realizing {
		return fmt.Errorf("device '%s' is being realized", d.Label())
	}
	if d.invalid != nil {
		return d.invalid
	}
	d.realizing = true
	defer func() { d.realizing = false }()

	env := d.Env()
	if bus != nil && d.bus != bus {
		if err := d.setParentBus(bus); err != nil {
			return err
		}
	}
	if d.hotplugged && !ClassOf(d.Class()).Hotpluggable {
		return fmt.Errorf("Device '%s' does not support hotplugging", d.TypeName())
	}
	if err := d.checkMigratable(); err != nil {
		return err
	}
	if d.Parent() == nil {
		if err := env.Unattached.AddChild(env.unattached.next(env.Unattached), &d.Object); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				d.Unparent()
			}
		}()
	}
	var at progress
	if err := d.guarded("realize", func() error { return d.bringUp(&at) }); err != nil {
		d.takeDown(at)
		return err
	}
	d.realized, d.unrealized = true, false
	env.turns++
	d.turn = env.turns
	if d.unplug.notice != nil {
		d.unplug.notice.cancelled = true // revived: its end is not announced any more
	}
	d.unplug = pendingUnplug{}
	return nil
}

// progress is how far realizing a device came.
type progress uint8

const (
	notBegun progress = iota
	opened            // the gate is open; the model runs not, or no more
	running           // the model runs, or broke down on the way
)

// bringUp takes the stages of realizing in their order and keeps account in at.
func (d *Device) bringUp(at *progress) error {
	env := d.Env()
	handler := d.HotplugHandler()
	if err := env.fault(StagePrePlug, d); err != nil {
		return err
	}
	if h, ok := handler.(PrePlugger); ok {
		if err := h.PrePlug(d); err != nil {
			return err
		}
	}
	if err := env.fault(StageRealize, d); err != nil {
		return err
	}

	d.gate.Open()
	d.claimMAC()
	*at = running
	start := d.CheckDemand
	if m, ok := d.Self().(Realizer); ok {
		start = m.Realize
	}
	if err := start(); err != nil {
		*at = opened // it took its own part down
		return err
	}
	d.path = d.Path()
	if err := d.checkBlocker(); err != nil {
		return err
	}
	if err := env.fault(StageMigration, d); err != nil {
		return err
	}
	for _, b := range d.buses {
		if err := env.fault(StageBus, d); err != nil {
			return err
		}
		if err := b.realize(); err != nil {
			return err
		}
	}
	if d.hotplugged {
		d.ColdReset()
	}
	d.deletedEvent = false
	if err := env.fault(StagePlug, d); err != nil {
		return err
	}
	if h, ok := handler.(Plugger); ok {
		return h.Plug(d)
	}
	return nil
}

// takeDown undoes what bringUp did before it failed.
func (d *Device) takeDown(at progress) {
	if at == notBegun {
		return
	}
	d.gate.Close()
	if at == running {
		d.unrealizeBuses()
		d.shutDown()
	}
	d.dropMAC()
	d.path = ""
}

// shutDown has the model end its work. One that breaks down doing so does not
// keep the device from leaving.
func (d *Device) shutDown() {
	if m, ok := d.Self().(Unrealizer); ok {
		d.guarded("unrealize", func() error { m.Unrealize(); return nil })
	}
}

// guarded runs code of a device model. If it panics, that is logged, and the
// error of whoever asked for it: one broken model must not end the process, nor
// leave a device half made.
func (d *Device) guarded(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.Env().Log.Error("device model panicked", "type", d.TypeName(), "device", d.Label(),
				"in", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error in device '%s': %v", d.TypeName(), p)
		}
	}()
	return f()
}

// Unrealize shuts the device down. It stays in the tree and on its bus.
func (d *Device) Unrealize() {
	if !d.realized {
		return
	}
	d.realized, d.unrealized = false, true
	d.gate.Close()
	d.unrealizeBuses()
	d.shutDown()
	d.dropMAC()
	// As QEMU: unrealizing marks the device as leaving, for good when it is
	// not taken out of the tree as well.
	d.unplug = pendingUnplug{pending: true}
	d.deletedEvent = true
	d.announceEnd()
}

func (d *Device) unrealizeBuses() {
	for i := len(d.buses) - 1; i >= 0; i-- {
		d.buses[i].unrealize()
	}
}

// unparent runs when the device leaves the tree.
func (d *Device) unparent() {
	env := d.Env()
	d.Unrealize()
	for len(d.buses) > 0 {
		d.buses[0].Unparent()
	}
	if d.id != "" && d.deletedEvent && !d.endsClassic() {
		if env.draining == nil {
			env.draining = map[string]*qom.Storage{}
		}
		env.draining[d.id] = d.Storage()
	}
	delete(env.requests, d)
	d.leaveBus()
}

func (d *Device) finalize() {
	d.gate.Close()
	d.leaveBus() // a device that never had a parent, as introspection makes them
	if d.endsClassic() && d.unplug.notice != nil {
		d.unplug.notice.send()
	}
}
