package qdev

import (
	"github.com/qomd/qomd/qom"
)

// DriveUse is how a device is going to use the medium of its drive.
type DriveUse struct {
	ReadOnly  bool // it never writes
	Writes    bool // it cannot do without writing: a read-only node is refused
	Resizable bool // it can cope with another length while it runs
	Removable bool // the medium can be taken out
	Shared    bool // others may write at the same time; set by the property share-rw
	Plain     bool // it keeps no record of failed requests and tells of no tray, as floppy drives
}

// StartDrive claims the medium of a device that is being realized, as QEMU's
// blkconf_apply_backend_options does. It fails when another user of the medium
// stands against it. A device whose medium is read-only, or whose backend
// knows no such claims, gets what there is.
func StartDrive(o *qom.Object, use DriveUse) error {
	b, ok := BackendOf(o, "drive").(interface {
		Start(DriveUse) error
		ReadOnly() bool
	})
	if !ok {
		return nil
	}
	use.ReadOnly = use.ReadOnly || !use.Writes && b.ReadOnly()
	if o.StoredBool("share-rw") {
		use.Shared = true
	}
	return b.Start(use)
}

// EmptyDrive gives a device that was made without a drive one that has no
// medium yet, as QEMU does with drives for removable media. It does nothing on
// a machine without block devices.
func EmptyDrive(o *qom.Object) {
	all := EnvOf(o).Backends
	if all == nil || BackendOf(o, "drive") != nil {
		return
	}
	b := all.Drive("")
	if b == nil || b.Attach(o, "drive") != nil {
		return
	}
	o.Store("drive", &attachment{b, o, "drive"})
}
