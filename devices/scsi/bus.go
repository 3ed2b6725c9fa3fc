package scsi

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// BusType is the QOM type of SCSI buses.
const BusType = "SCSI"

// Limits are the largest numbers of an address that a host adapter knows.
type Limits struct{ Channel, Target, LUN uint32 }

// Bus is a SCSI bus; it corresponds to SCSIBus in QEMU. A host adapter embeds
// it by value.
type Bus struct {
	qdev.Bus
	limits Limits
}

// InitBus makes b the bus of a host adapter; an empty name becomes the
// adapter's id and a number. Devices come and go at once unless the adapter
// installs a handler of its own with SetHandler.
func (b *Bus) InitBus(dev *qdev.Device, name string, l Limits) {
	qdev.InitBus(b, BusType, dev, nil, name)
	b.limits = l
	b.SetHandler(b)
}

// BusOf returns the SCSI bus that d sits on, nil for none.
func BusOf(d *qdev.Device) *Bus {
	if q := d.Bus(); q != nil {
		b, _ := q.Self().(*Bus)
		return b
	}
	return nil
}

// Find returns the device at an address. As in QEMU a target answers for units
// it does not have with the first one it does, for the guest to ask it.
func (b *Bus) Find(channel, target, lun uint32) *Device {
	var other *Device
	for _, q := range b.Devices() {
		d := DeviceOf(&q.Object)
		if d == nil || d.channel != channel || d.target != target || !q.Realized() {
			continue
		}
		if d.lun == lun {
			return d
		}
		other = d
	}
	return other
}

// at returns who has an address, or is about to.
func (b *Bus) at(channel, target, lun uint32) *Device {
	for _, q := range b.Devices() {
		d := DeviceOf(&q.Object)
		if d != nil && d.channel == channel && d.target == target && d.lun == lun {
			return d
		}
	}
	return nil
}

// CheckAddress implements [qdev.AddressChecker].
func (b *Bus) CheckAddress(q *qdev.Device) error {
	d := DeviceOf(&q.Object)
	d.readAddress()
	switch {
	case d.channel > b.limits.Channel:
		return fmt.Errorf("bad scsi channel id: %d", d.channel)
	case d.target != automatic && d.target > b.limits.Target:
		return fmt.Errorf("bad scsi device id: %d", d.target)
	case d.lun != automatic && d.lun > b.limits.LUN:
		return fmt.Errorf("bad scsi device lun: %d", d.lun)
	case d.target != automatic && d.lun != automatic:
		if other := b.at(d.channel, d.target, d.lun); other != nil && other != d {
			id := other.ID()
			if id == "" {
				id = "(null)"
			}
			return fmt.Errorf("lun already used by '%s'", id)
		}
	}
	return nil
}

// choose completes the address of d: the first free target, or the first free
// unit of the target given.
func (b *Bus) choose(d *Device) error {
	free := func(target, lun uint32) bool {
		other := b.at(d.channel, target, lun)
		return other == nil || other == d
	}
	if d.target == automatic {
		if d.lun == automatic {
			d.lun = 0
		}
		for t := uint32(0); t <= b.limits.Target; t++ {
			if free(t, d.lun) {
				d.target = t
				return nil
			}
		}
		return fmt.Errorf("no free target")
	}
	if d.lun == automatic {
		for l := uint32(0); l <= b.limits.LUN; l++ {
			if free(d.target, l) {
				d.lun = l
				return nil
			}
		}
		return fmt.Errorf("no free lun")
	}
	return nil
}

func registerBus(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: BusType, Parent: "bus", New: func() qom.Instance { return new(Bus) }})
}
