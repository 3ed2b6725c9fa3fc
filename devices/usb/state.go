package usb

import (
	"fmt"

	"github.com/qomd/qomd/devices/vmstate"
)

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
