package hid

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater].
func (d *Device) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	f.Field("leds", &d.leds)
	f.Field("pointer", &d.pointer)
	f.Field("keyboard", &d.keyboard)
	f.Field("boot-protocol", &d.boot)
	f.Field("idle", &d.idle)
	f.Field("due", &d.due)
	d.repeat.VMState(f, "repeat-at", &d.Device.Device, repeatTimer, d.repeatDue)
}
