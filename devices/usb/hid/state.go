package hid

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater].
func (d *Device) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	f.Field("buttons", &d.buttons)
	f.Field("leds", &d.leds)
	f.Field("x", &d.x)
	f.Field("y", &d.y)
	f.Field("dx", &d.dx)
	f.Field("dy", &d.dy)
	f.Field("wheel", &d.wheel)
	f.Field("modifiers", &d.modifiers)
	f.Field("keys", &d.keys)
	f.Field("reports", &d.reports)
	f.Field("boot-protocol", &d.boot)
	f.Field("idle", &d.idle)
	f.Field("due", &d.due)
	d.repeat.VMState(f, "repeat-at", &d.Device.Device, repeatTimer, d.repeatDue)
}
