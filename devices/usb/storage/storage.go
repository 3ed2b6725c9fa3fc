package storage

import (
	"errors"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

const product = "QEMU USB MSD"

// Register adds the types of this package.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "usb-storage-dev", Parent: usb.DeviceType, Abstract: true,
		ClassInit: func(c *qom.Class) { usb.SetProduct(c, product) }})
	t.Add(qom.TypeInfo{Name: "usb-storage", Parent: "usb-storage-dev", New: func() qom.Instance { return new(Disk) }})
	t.Add(qom.TypeInfo{Name: "usb-bot", Parent: "usb-storage-dev", New: func() qom.Instance { return new(BOT) },
		ClassInit: usb.SetAttachedSettable})
	t.Add(qom.TypeInfo{Name: "usb-uas", Parent: usb.DeviceType, New: func() qom.Instance { return new(UAS) },
		ClassInit: func(c *qom.Class) {
			usb.SetProduct(c, "USB Attached SCSI HBA")
			usb.SetAttachedSettable(c)
		}})
}

// Disk is usb-storage: it looks like a disk with a drive of its own, and is a
// SCSI bus with one disk that it makes itself.
type Disk struct{ transport }

// shared are the properties that the SCSI disk takes over.
var shared = [...]string{
	"logical_block_size", "physical_block_size", "min_io_size", "opt_io_size", "discard_granularity",
	"write-cache", "share-rw", "rerror", "werror", "account-invalid", "account-failed", "backend_defaults",
	"removable", "serial",
}

// RealizeUSB implements [usb.Realizer].
func (d *Disk) RealizeUSB() error {
	drive := qdev.BackendOf(&d.Object, "drive")
	if drive == nil {
		return errors.New("drive property not set")
	}
	if d.Env().Ways.StickBlocks {
		if err := d.SettleBlockSizes(); err != nil {
			return err
		}
	}
	d.start(scsi.Limits{})
	// The disk takes the drive over; from here on ours reads empty.
	name := drive.Name()
	if err := d.Set("drive", qom.Text("")); err != nil {
		return err
	}
	if err := d.addDisk(name); err != nil {
		d.bus.Unparent()
		return err
	}
	return nil
}

// addDisk makes the SCSI disk, as a child of the bus.
func (d *Disk) addDisk(drive string) error {
	o, err := d.Tree().New("scsi-hd")
	if err != nil {
		return err
	}
	defer o.Unref()
	if err := d.bus.AddChild("legacy[0]", o); err != nil {
		return err
	}
	for _, name := range shared {
		if d.HasStored(name) {
			o.Store(name, d.Stored(name))
		}
	}
	o.Store("scsi-id", uint64(0))
	if err := o.Set("drive", qom.Text(drive)); err != nil {
		o.Unparent()
		return err
	}
	if err := qdev.From(o).Realize(&d.bus.Bus); err != nil {
		o.Unparent()
		return err
	}
	return nil
}

// UnrealizeUSB implements [usb.Unrealizer].
func (d *Disk) UnrealizeUSB() { d.HandleReset() }

// Revivable says that the device cannot be realized again: its bus and disk
// stay as long as it does.
func (d *Disk) Revivable() bool { return false }

// BOT is usb-bot: the same transport, with a bus that users put disks on.
// Plugged into a running machine it waits to be attached, by its property,
// until the disks are there.
type BOT struct{ transport }

// RealizeUSB implements [usb.Realizer].
func (b *BOT) RealizeUSB() error {
	b.start(scsi.Limits{LUN: 15})
	if b.Hotplugged() {
		b.SetManual()
	}
	return nil
}

// UnrealizeUSB implements [usb.Unrealizer].
func (b *BOT) UnrealizeUSB() { b.HandleReset() }

// Revivable says that the device cannot be realized again.
func (b *BOT) Revivable() bool { return false }
