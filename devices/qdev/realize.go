package qdev

import (
	"fmt"

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
	if m, ok := d.Self().(Realizer); ok {
		if err := m.Realize(); err != nil {
			d.gate.Close()
			d.dropMAC()
			return err
		}
	}
	d.path = d.Path()
	undo := func() {
		d.gate.Close()
		d.unrealizeBuses()
		if m, ok := d.Self().(Unrealizer); ok {
			m.Unrealize()
		}
		d.dropMAC()
		d.path = ""
	}
	for _, b := range d.buses {
		err := env.fault(StageBus, d)
		if err == nil {
			err = b.realize()
		}
		if err != nil {
			undo()
			return err
		}
	}
	if d.hotplugged {
		d.ColdReset()
	}
	d.deletedEvent = false
	if err := env.fault(StagePlug, d); err != nil {
		undo()
		return err
	}
	if h, ok := handler.(Plugger); ok {
		if err := h.Plug(d); err != nil {
			undo()
			return err
		}
	}
	d.realized, d.unrealized = true, false
	if d.unplug.notice != nil {
		d.unplug.notice.cancelled = true // revived: its end is not announced any more
	}
	d.unplug = pendingUnplug{}
	return nil
}

// Unrealize shuts the device down. It stays in the tree and on its bus.
func (d *Device) Unrealize() {
	if !d.realized {
		return
	}
	d.realized, d.unrealized = false, true
	d.gate.Close()
	d.unrealizeBuses()
	if m, ok := d.Self().(Unrealizer); ok {
		m.Unrealize()
	}
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
	d.leaveBus()
}

func (d *Device) finalize() {
	d.gate.Close()
	d.leaveBus() // a device that never had a parent, as introspection makes them
	if d.endsClassic() && d.unplug.notice != nil {
		d.unplug.notice.send()
	}
}
