package qdev

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qmp/qjson"
)

// VMState implements [vmstate.Stater]: what every device has.
func (d *Device) VMState(f *vmstate.Fields) {
	f.Field("hotplugged", &d.hotplugged)
	f.Field("number-on-bus", &d.busIndex)
	p := &d.unplug
	f.Field("unplug-pending", &p.pending)
	f.Field("unplug-expires", &p.expires)
	f.Field("unplug-expiry", &p.expiry)
	f.Loaded(func() { p.since = d.Tree().Now() })
}

// VMState implements [vmstate.Stater]: the numbers that devices get on the bus.
func (b *Bus) VMState(f *vmstate.Fields) {
	f.Field("next-number", &b.next)
	f.Loaded(func() {
		// The source's order, newest first, as far as the devices are known.
		slices.SortStableFunc(b.children, func(x, y *Device) int { return y.busIndex - x.busIndex })
	})
}

// VMState is the part of a machine's state that is about names.
func (env *Env) VMState(f *vmstate.Fields) {
	f.Field("anonymous-devices", &env.anonymous.n)
	f.Field("unattached-devices", &env.unattached.n)
	f.Field("bus-numbers", &env.busIDs)
}

// VMState saves when an alarm goes off, and sets it again.
func (a *Alarm) VMState(f *vmstate.Fields, name string, d *Device, what string, fn func()) {
	at := int64(-1)
	if a.timer != nil {
		at = a.at
	}
	f.Field(name, &at)
	f.Loaded(func() {
		a.Stop()
		if at >= 0 {
			a.Set(d, Until(d.Env().Clock, at), what, fn)
		}
	})
}

// Request returns the device_add that made a device while the machine ran, nil
// for other devices.
func (env *Env) Request(d *Device) *qjson.Object { return env.requests[d] }

// remember keeps the request of a device that was plugged.
// Only a monitor plugs devices into a machine that is complete, and its values
// are JSON.
func (env *Env) remember(d *Device, r Request) {
	if !env.Ready || r.Text {
		return
	}
	args := qjson.NewObject(qjson.Member{Name: "driver", Value: r.Driver})
	if r.HasID {
		args.Set("id", r.ID)
	}
	if r.HasBus {
		args.Set("bus", r.Bus)
	}
	for name, v := range r.Props.All() {
		args.Set(name, v)
	}
	env.Adopt(d, args)
}

// Adopt keeps the request that made a device elsewhere.
func (env *Env) Adopt(d *Device, args *qjson.Object) {
	if env.requests == nil {
		env.requests = map[*Device]*qjson.Object{}
	}
	env.requests[d] = args
}

// Again makes a device from the request that made it elsewhere, at the path and
// on the bus, given by its path, that it had there, and in the [Placer]'s place.
func (env *Env) Again(args *qjson.Object, path, bus, place string) error {
	r, err := NewRequest(args, false)
	if err != nil {
		return err
	}
	if bus != "" {
		o, _ := env.Tree.Resolve(bus, "bus")
		if o == nil {
			return fmt.Errorf("Bus '%s' not found", bus)
		}
		r.On = BusFrom(o)
	}
	r.Place = place
	if !r.HasID {
		if n, ok := numberOf(path); ok {
			env.anonymous.n = n
		}
	}
	_, err = Add(env, r)
	return err
}

// numberOf returns N of a path that ends in device[N].
func numberOf(path string) (int, bool) {
	_, name, _ := strings.Cut(path, "/device[")
	n, err := strconv.Atoi(strings.TrimSuffix(name, "]"))
	return n, err == nil
}

// Withdraw takes a device away without asking its guest, as a source did.
func (d *Device) Withdraw() error {
	if err := d.hotplugAllowed(d.bus); err != nil {
		return err
	}
	return Remove(d.HotplugHandler(), d)
}

// BelowController is a place on a bus whose controller has a place itself:
// that of the controller, a slash, and the place. Without such a controller it is
// the place alone.
func BelowController(b *Bus, place string) string {
	for d := b.Device(); d != nil; d = d.bus.dev {
		if at := BusAddress(d); at != "" {
			return at + "/" + place
		}
		if d.bus == nil {
			break
		}
	}
	return place
}

// An Addresser is a bus that can say where a device sits on it.
type Addresser interface{ DevicePath(d *Device) string }

// BusAddress is what QEMU calls the place of a device on its bus; empty where
// there is no name for that.
func BusAddress(d *Device) string {
	if d.bus == nil {
		return ""
	}
	if a, ok := d.bus.Self().(Addresser); ok {
		return a.DevicePath(d)
	}
	return ""
}
