package qdev

import "fmt"

// A ConfigSyncer makes the guest see what its configuration has become in the
// backend.
type ConfigSyncer interface{ SyncConfig() error }

// SyncConfig is the monitor's device-sync-config. In QEMU only vhost-user-blk
// has a configuration of that kind: its backend is another process.
func SyncConfig(d *Device) error {
	if s, ok := d.Self().(ConfigSyncer); ok {
		return s.SyncConfig()
	}
	return fmt.Errorf("device-sync-config is not supported for '%s'", d.TypeName())
}
