package qdev

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Request is what device_add, -device and config files ask for.
type Request struct {
	Driver string
	ID     string
	HasID  bool
	Bus    string
	HasBus bool
	// On is the bus itself where it is known already; nil otherwise.
	On *Bus
	// Below is the device on whose bus it goes where none is named; nil otherwise.
	Below *Device
	// Props are the remaining options, in order.
	Props *qjson.Object
	// Place is where on its bus a [Placer] has to go; empty where it may choose.
	Place string
	// Text says that the values are command line text, to be read by the type
	// of their property; otherwise they are JSON and must have that type.
	Text bool
}

// NewRequest takes a device_add's arguments apart. As in QEMU, an id or a bus
// that is not a string is ignored.
func NewRequest(args *qjson.Object, text bool) (Request, error) {
	r := Request{Props: qjson.NewObject(), Text: text}
	driver, _ := args.Get("driver")
	var ok bool
	if r.Driver, ok = driver.(string); !ok {
		return r, errors.New("Parameter 'driver' is missing")
	}
	for name, v := range args.All() {
		switch name {
		case "driver":
		case "id":
			r.ID, r.HasID = v.(string)
		case "bus":
			r.Bus, r.HasBus = v.(string)
		default:
			r.Props.Set(name, v)
		}
	}
	return r, nil
}

// Add makes and realizes a device, checking in QEMU's order. When it fails,
// nothing is left of it once the grace period is over; Add waits for that, so
// that events of its children come before the error. The primary of a failover
// pair that has to wait is nil, without an error: see [Hider].
func Add(env *Env, r Request) (*Device, error) {
	d, err := add(env, r)
	if err != nil {
		env.Memory.Reclaimer.Run()
		return nil, err
	}
	return d, nil
}

func add(env *Env, r Request) (*Device, error) {
	class, err := env.driverClass(r.Driver)
	if err != nil {
		return nil, err
	}
	bus, err := env.busFor(class, r)
	if err != nil {
		return nil, err
	}
	if hidden, err := env.hide(r, bus); hidden || err != nil {
		return nil, err
	}
	if env.Ready && env.Migrating != nil && env.Migrating() {
		return nil, errors.New("device_add not allowed while migrating")
	}

	o := env.Tree.NewClass(class)
	defer o.Unref()
	d := From(o)
	if d.invalid != nil {
		return nil, d.invalid
	}
	if err := d.guarded("new", func() error { return env.fault(StageNew, d) }); err != nil {
		return nil, err
	}
	if env.Ready {
		if err := d.hotplugAllowed(bus); err != nil {
			return nil, err
		}
	}
	if err := d.setID(r.ID, r.HasID); err != nil {
		return nil, err
	}
	for name, v := range r.Props.Cloned().Hashed() {
		in := qom.Value(v)
		if text, ok := v.(string); ok && r.Text {
			in = qom.Text(text)
		}
		err := d.guarded("property", func() error {
			if err := env.fault(StageProperty, d); err != nil {
				return err
			}
			return d.Set(name, in)
		})
		if err != nil {
			d.Unparent()
			return nil, err
		}
	}
	if err := d.placeAt(r.Place); err != nil {
		d.Unparent()
		return nil, err
	}
	if err := d.Realize(bus); err != nil {
		d.Unparent()
		return nil, err
	}
	env.remember(d, r)
	return d, nil
}

// driverClass finds the class of a driver name or alias and checks that users
// may make one.
func (env *Env) driverClass(driver string) (*qom.Class, error) {
	name := driver
	if env.Alias != nil {
		if real := env.Alias(driver); real != "" {
			name = real
		}
	}
	class := env.Tree.Types.Class(name)
	if class == nil || !class.Is("device") {
		if name != driver {
			return nil, fmt.Errorf("'%s' (alias '%s') is not a valid device model name", name, driver)
		}
		return nil, fmt.Errorf("'%s' is not a valid device model name", driver)
	}
	if class.Abstract() {
		return nil, errors.New("Parameter 'driver' expects a non-abstract device type")
	}
	k := ClassOf(class)
	if !k.UserCreatable || !k.Hotpluggable && env.Ready && env.Ways.TypeBeforeBus {
		return nil, errors.New("Parameter 'driver' expects a pluggable device type")
	}
	if class.Is("sys-bus-device") && (env.DynamicSysbus == nil || !env.DynamicSysbus(class)) {
		return nil, errors.New("Parameter 'driver' expects a dynamic sysbus device type for the machine")
	}
	return class, nil
}

// busFor finds the bus a device is to sit on: the one named, or the first that
// has room.
func (env *Env) busFor(class *qom.Class, r Request) (*Bus, error) {
	typ := ClassOf(class).BusType
	if r.HasBus || r.On != nil {
		bus, err := r.On, error(nil)
		if bus == nil {
			bus, err = FindBus(env, r.Bus)
		}
		if err != nil {
			return nil, err
		}
		if typ == "" || !bus.Is(typ) {
			return nil, fmt.Errorf("Device '%s' can't go on %s bus", r.Driver, bus.TypeName())
		}
		return bus, nil
	}
	if typ == "" {
		return nil, nil
	}
	if r.Below != nil {
		return r.Below.busBelow(typ, r.Driver)
	}
	bus, full := findByName(env.SystemBus, "", typ)
	switch {
	case bus == nil:
		return nil, fmt.Errorf("No '%s' bus found for device '%s'", typ, r.Driver)
	case full:
		return nil, fmt.Errorf("A '%s' bus was found but is full", typ)
	}
	return bus, nil
}

// setID gives the device its name and its place in the tree.
func (d *Device) setID(id string, has bool) error {
	env := d.Env()
	if !has {
		return env.PeripheralAnon.AddChild(env.anonymous.next(env.PeripheralAnon), &d.Object)
	}
	if !ValidID(id) {
		return fmt.Errorf("Invalid qdev ID '%s'", id)
	}
	if env.draining[id] != nil || env.Peripheral.AddChild(id, &d.Object) != nil {
		return fmt.Errorf("Duplicate device ID '%s'", id)
	}
	d.id = id
	return nil
}

// ValidID reports whether id is a letter followed by letters, digits, '-', '.'
// and '_', which QEMU calls well-formed.
func ValidID(id string) bool {
	for i, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'):
		default:
			return false
		}
	}
	return id != ""
}
