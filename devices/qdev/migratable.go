package qdev

import (
	"fmt"
	"slices"
)

// unmigratable are the types of devices whose state QEMU never carries.
var unmigratable = []string{
	"amd-iommu", "hv-syndbg", "rocker", "ufs", "usb-audio", "usb-braille", "usb-mtp", "usb-net", "usb-serial", "usb-uas", "usb-wacom-tablet",
	"virtio-input-host-device",
}

// Unmigratable reports whether nothing can carry the device's state.
func (d *Device) Unmigratable() bool { return slices.Contains(unmigratable, d.TypeName()) }

// MigrationBlocker is a model that may keep the machine from migrating by how it
// is set up.
type MigrationBlocker interface {
	// MigrationBlocker returns the reason, empty for none.
	MigrationBlocker() string
}

// Blocker returns why the device keeps the machine from migrating, by how it is
// set up; empty if it does not.
func (d *Device) Blocker() string {
	if m, ok := d.Self().(MigrationBlocker); ok {
		return m.MigrationBlocker()
	}
	return ""
}

// checkMigratable refuses a type that cannot migrate where -only-migratable says
// so.
func (d *Device) checkMigratable() error {
	if d.Env().OnlyMigratable && d.Unmigratable() {
		return fmt.Errorf("Device %s is not migratable, but --only-migratable was specified", d.TypeName())
	}
	return nil
}

// checkBlocker is the same for a device that has begun to work.
func (d *Device) checkBlocker() error {
	if reason := d.Blocker(); d.Env().OnlyMigratable && reason != "" {
		return fmt.Errorf("disallowing migration blocker (--only-migratable) for: %s", reason)
	}
	return nil
}
