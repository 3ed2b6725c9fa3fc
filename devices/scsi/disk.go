package scsi

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Disk is scsi-hd or scsi-cd.
type Disk struct {
	Device
	cd        bool
	drive     qdev.Backend
	disk      qdev.Disk // the drive's content; never nil once realized
	blockSize uint32
	locked    bool // the guest forbids to eject
}

// Drive returns the backend, nil for none.
func (d *Disk) Drive() qdev.Backend { return d.drive }

// Register adds SCSI buses and devices to t.
func Register(t *qom.Types) {
	registerBus(t)
	t.Add(qom.TypeInfo{
		Name: "scsi-device", Parent: "device", Abstract: true,
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.BusType = BusType })
		},
	})
	t.Add(qom.TypeInfo{Name: "scsi-disk-base", Parent: "scsi-device", Abstract: true})
	t.Add(qom.TypeInfo{Name: "scsi-hd", Parent: "scsi-disk-base", New: func() qom.Instance { return new(Disk) }})
	t.Add(qom.TypeInfo{Name: "scsi-cd", Parent: "scsi-disk-base", New: func() qom.Instance { return &Disk{cd: true} }})
	t.Add(qom.TypeInfo{Name: "scsi-block", Parent: "scsi-disk-base", New: func() qom.Instance { return new(PassThrough) }})
	t.Add(qom.TypeInfo{Name: "scsi-generic", Parent: "scsi-device", New: func() qom.Instance { return new(PassThrough) }})
}

var errNoDrive = errors.New("drive property not set")

// RealizeSCSI implements [Model].
func (d *Disk) RealizeSCSI() error {
	if d.cd {
		qdev.EmptyDrive(&d.Object)
	}
	backend := qdev.BackendOf(&d.Object, "drive")
	if backend == nil && !d.cd {
		return errNoDrive
	}
	if err := qdev.StartDrive(&d.Object, qdev.DriveUse{ReadOnly: d.cd, Resizable: !d.cd, Removable: d.removable()}); err != nil {
		return err
	}
	d.drive, d.disk = backend, qdev.DiskOf(backend)
	d.blockSize, d.locked = 512, false
	if d.cd {
		d.blockSize = 2048
	}
	return d.fillIn()
}

// fillIn gives the properties that were left open the values that hold now, as
// QEMU does.
func (d *Disk) fillIn() error {
	if !d.cd {
		if err := d.SettleGeometry(d.bytes(), 255); err != nil {
			return err
		}
	}
	if err := d.SettleBlockSizes(); err != nil {
		return err
	}
	if !d.cd {
		d.blockSize = uint32(d.StoredUint("logical_block_size"))
	}
	d.SettleGranularity()
	if err := d.identify(); err != nil {
		return err
	}
	product := "QEMU HARDDISK"
	if d.cd {
		product = "QEMU CD-ROM"
	}
	for name, value := range map[string]string{"vendor": "QEMU", "product": product, "ver": "2.5+"} {
		if d.StoredString(name) == "" {
			d.Store(name, value)
		}
	}
	return nil
}

// identify settles the identification: if nobody chose one it is the serial number,
// or else the drive's id.
func (d *Disk) identify() error {
	const longest, longestID = 36, 20
	serial, id := d.StoredString("serial"), d.StoredString("device_id")
	switch {
	case len(serial) > longest:
		return fmt.Errorf("The serial number can't be longer than %d characters", longest)
	case id != "":
		return nil
	case len(serial) > longestID:
		return fmt.Errorf("The serial number can't be longer than %d characters when it is also used as the default for device_id", longestID)
	case serial != "":
		id = serial
	default:
		if b, ok := d.drive.(interface{ ID() string }); ok {
			id = b.ID()
		}
	}
	if id != "" {
		d.Store("device_id", id)
	}
	return nil
}

// bytes is the size of the medium.
func (d *Disk) bytes() int64 { return d.disk.Size() }

// blocks is the size of the medium in logical blocks.
func (d *Disk) blocks() uint64 { return uint64(d.bytes()) / uint64(d.blockSize) }

// loaded reports whether there is a medium.
func (d *Disk) loaded() bool {
	if m, ok := d.drive.(interface{ Inserted() bool }); ok {
		return m.Inserted()
	}
	return d.drive != nil || !d.cd
}

// PassThrough is scsi-block or scsi-generic. There is no host device behind
// any backend here, which is what they say.
type PassThrough struct{ Device }

// RealizeSCSI implements [Model].
func (d *PassThrough) RealizeSCSI() error {
	if qdev.BackendOf(&d.Object, "drive") == nil {
		return errNoDrive
	}
	return errors.New("cannot get SG_IO version number: Operation not supported")
}

// Execute implements [Model].
func (d *PassThrough) Execute([]byte) *Request { return d.fail(noLogicalUnit) }
