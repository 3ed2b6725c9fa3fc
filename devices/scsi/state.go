package scsi

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater]. Requests are their adapter's: it begins
// them again.
func (d *Device) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	f.Field("sense", &d.sense)
	f.Field("attention", &d.attention)
	f.Field("requests", &d.requests)
}

// VMState implements [vmstate.Stater].
func (d *Disk) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	f.Field("locked", &d.locked)
}
