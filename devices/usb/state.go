package usb

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vmstate"
)

// DevicePath implements [qdev.Addresser]: "0000:00:03.0/1.2", the ports behind the
// controller.
func (b *Bus) DevicePath(q *qdev.Device) string { return qdev.BelowController(&b.Bus, q.Place()) }

// VMState implements [vmstate.Stater]: how far the guest has got with the
// device. Its endpoints follow from the configuration.
func (d *Device) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	speed, attached := d.speed, d.attached
	f.Field("attached", &attached)
	f.Field("speed", &speed)
	if attached != d.attached || attached && speed != d.speed {
		f.Fail(fmt.Errorf("attached %v at speed %d, and here %v at speed %d", attached, speed, d.attached, d.speed))
		return
	}
	f.Field("state", &d.state)
	f.Field("address", &d.addr)
	config, alternates := d.config, d.altset
	f.Field("configuration", &config)
	f.Field("alternate-settings", &alternates)
	if f.Loading() {
		d.config, d.altset = config, alternates
		if config != 0 && d.activeConfig() == nil {
			f.Fail(fmt.Errorf("configuration %d", config))
			return
		}
		d.refreshEndpoints()
	}
	f.Field("remote-wakeup", &d.wakeup)
	f.List("endpoints", 1+2*maxEndpoints, func(i int, f *vmstate.Fields) {
		e := &d.control
		switch {
		case i > maxEndpoints:
			e = &d.out[i-1-maxEndpoints]
		case i > 0:
			e = &d.in[i-1]
		}
		f.Field("halted", &e.halted)
	})
}

// VMState implements [vmstate.Stater]: in which order ports were taken, and will
// be.
func (b *Bus) VMState(f *vmstate.Fields) {
	b.Bus.VMState(f)
	portOrder(f, "free-ports", b.free)
	portOrder(f, "used-ports", b.used)
}

// portOrder carries the order of ports, which have to be the same on both sides.
func portOrder(f *vmstate.Fields, name string, ports []*Port) {
	here := make([]string, len(ports))
	at := make(map[string]*Port, len(ports))
	for i, p := range ports {
		here[i], at[p.path] = p.path, p
	}
	order := slices.Clone(here)
	f.Field(name, &order)
	if !f.Loading() {
		return
	}
	if !slices.Equal(slices.Sorted(slices.Values(order)), slices.Sorted(slices.Values(here))) {
		f.Fail(fmt.Errorf("field '%s': %q, and here %q", name, order, here))
		return
	}
	for i, path := range order {
		ports[i] = at[path]
	}
}
