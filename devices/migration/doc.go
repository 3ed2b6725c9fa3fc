// Package migration holds what a user can set about migrating a machine: its
// capabilities and parameters, with QEMU's checks. It corresponds to
// migration/options.c in QEMU.
package migration
