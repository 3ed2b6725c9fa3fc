package scsi

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vmstate"
)

// DevicePath implements [qdev.Addresser]: "0000:00:03.0/0:0:2", the channel, the
// target and the unit behind the adapter.
func (b *Bus) DevicePath(q *qdev.Device) string {
	d := DeviceOf(&q.Object)
	if d == nil {
		return ""
	}
	return qdev.BelowController(&b.Bus, fmt.Sprintf("%d:%d:%d", d.channel, d.target, d.lun))
}

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
