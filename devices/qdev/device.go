package qdev

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// Device is the base of every device; it corresponds to DeviceState in QEMU.
type Device struct {
	qom.Object
	gate memory.Gate

	id    string
	path  string // canonical path when it was realized
	bus   *Bus
	buses []*Bus // child buses, oldest first

	parentBus qom.Hold  // on the bus
	busChild  *qom.Hold // of the bus on the device; its own allocation, because it outlasts leaving
	busIndex  int       // N of the bus' child[N]
	turn      uint64    // grows with each device that is realized

	realized     bool
	realizing    bool
	unrealized   bool // was realized once and is not any more
	hotplugged   bool
	deletedEvent bool  // DEVICE_DELETED is due when the storage is freed
	invalid      error // a default that did not fit; the device must not be realized

	unplug   pendingUnplug
	blockers []Blocker

	releaseMAC func() // gives the Ethernet address back; nil when none is claimed
}

// Qdev returns d; every model that embeds a Device has it.
func (d *Device) Qdev() *Device { return d }

// From returns the device that o is, nil when it is none.
func From(o *qom.Object) *Device {
	if o == nil {
		return nil
	}
	if m, ok := o.Self().(interface{ Qdev() *Device }); ok {
		return m.Qdev()
	}
	return nil
}

// Gate returns the switch that closes when the device is unrealized.
func (d *Device) Gate() *memory.Gate { return &d.gate }

// Env returns the environment of the device's machine.
func (d *Device) Env() *Env { return EnvOf(&d.Object) }

// ID returns the name the user gave, empty for none.
func (d *Device) ID() string { return d.id }

// GiveID gives a device of the machine itself an id, by which buses and messages
// call it; it is no child of [Env.Peripheral] for that.
func (d *Device) GiveID(id string) { d.id = id }

// Label names the device in messages: its id, or its path, or its type.
func (d *Device) Label() string {
	if d.id != "" {
		return d.id
	}
	if p := d.Path(); p != "" {
		return p
	}
	return d.TypeName()
}

// Bus returns the bus the device sits on, nil for none.
func (d *Device) Bus() *Bus { return d.bus }

// Buses returns the child buses, oldest first.
func (d *Device) Buses() []*Bus { return d.buses }

// Realized reports whether the device is working.
func (d *Device) Realized() bool { return d.realized }

// Turn orders the devices of a machine by when they were realized. A device that
// another one made for itself on the way comes before it.
func (d *Device) Turn() uint64 { return d.turn }

// Hotplugged reports whether the device came after the machine was complete.
func (d *Device) Hotplugged() bool { return d.hotplugged }

// CanonicalPath returns the path the device had when it was realized.
func (d *Device) CanonicalPath() string { return d.path }

// register adds the type "device".
func register(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "device", Parent: "object", Abstract: true,
		New: func() qom.Instance { return new(Device) },
		ClassInit: func(c *qom.Class) {
			SetClass(c, Class{UserCreatable: true, Hotpluggable: true})
		},
		Init: func(o *qom.Object) {
			d := From(o)
			d.hotplugged = d.Env().Ready
			d.busIndex = -1
		},
		PostInit: func(o *qom.Object) { From(o).applyDefaults() },
		Unparent: func(o *qom.Object) { From(o).unparent() },
		Finalize: func(o *qom.Object) { From(o).finalize() },
		Properties: []*qom.Property{
			{Name: "realized", Type: "bool",
				Get: func(o *qom.Object) (any, error) { return From(o).realized, nil },
				Set: func(o *qom.Object, in qom.Input) error {
					v, err := in.Bool("realized")
					if err != nil {
						return err
					}
					return From(o).setRealized(v)
				}},
			{Name: "hotpluggable", Type: "bool",
				Get: func(o *qom.Object) (any, error) { return From(o).hotpluggable(), nil }},
			{Name: "hotplugged", Type: "bool",
				Get: func(o *qom.Object) (any, error) { return From(o).hotplugged, nil }},
			{Name: "parent_bus", Type: "link<bus>",
				Get: func(o *qom.Object) (any, error) {
					if b := From(o).bus; b != nil {
						return b.Path(), nil
					}
					return "", nil
				},
				Target: func(o *qom.Object) *qom.Object {
					if b := From(o).bus; b != nil {
						return &b.Object
					}
					return nil
				}},
		},
	})
}

// hotpluggable is the property of that name: the class allows it, and so does
// the bus the device sits on.
func (d *Device) hotpluggable() bool {
	return ClassOf(d.Class()).Hotpluggable && (d.bus == nil || d.bus.Hotpluggable())
}

func (d *Device) setRealized(v bool) error {
	switch {
	case v == d.realized:
		return nil
	case !v:
		d.Unrealize()
		return nil
	case d.unrealized && !d.revivable():
		return fmt.Errorf("device '%s' cannot be realized a second time", d.Label())
	}
	return d.Realize(nil)
}

// revivable reports whether the model can be realized again after unrealize.
// QEMU tries with all and aborts with many; here a model has to say so.
func (d *Device) revivable() bool {
	m, ok := d.Self().(interface{ Revivable() bool })
	return ok && m.Revivable()
}

// Invalid says which default did not fit the device, nil if all did.
func (d *Device) Invalid() error { return d.invalid }

// applyDefaults sets the machine's defaults on a new device. What a user asked
// for with -global must fit, else the device cannot be made; on a machine that
// runs QEMU makes do with a warning. Compatibility properties of types that
// lack them are passed over.
func (d *Device) applyDefaults() {
	env := d.Env()
	for i := range env.Defaults {
		def := &env.Defaults[i]
		if !d.Is(def.Type) || !def.User && d.Property(def.Property) == nil {
			continue
		}
		def.used = true
		err := d.Set(def.Property, qom.Plain(def.Value))
		if err == nil {
			continue
		}
		err = fmt.Errorf("can't apply global %s.%s=%s: %w", def.Type, def.Property, def.Value, err)
		if d.hotplugged || !def.User {
			env.Log.Warn(err.Error())
		} else if d.invalid == nil {
			d.invalid = err
		}
	}
}
