package migration

import (
	"errors"
	"slices"
)

// Capability is one of QEMU's MigrationCapability and whether it is on.
type Capability struct {
	Capability string `json:"capability"`
	State      bool   `json:"state"`
}

// capabilities are all there ever were, in QEMU's order.
var capabilities = []string{
	"xbzrle", "rdma-pin-all", "auto-converge", "zero-blocks", "compress", "events", "postcopy-ram", "x-colo", "release-ram", "block", "return-path",
	"pause-before-switchover", "multifd", "dirty-bitmaps", "postcopy-blocktime", "late-block-activate",
	"x-ignore-shared", "validate-uuid", "background-snapshot", "zero-copy-send", "postcopy-preempt",
	"switchover-ack", "dirty-limit", "mapped-ram",
}

// snapshotConflicts are what background-snapshot cannot be combined with.
var snapshotConflicts = []string{
	"postcopy-ram", "dirty-bitmaps", "postcopy-blocktime", "late-block-activate", "return-path", "multifd",
	"pause-before-switchover", "auto-converge", "release-ram", "rdma-pin-all", "xbzrle", "x-colo", "validate-uuid",
	"zero-copy-send",
}

// Settings are the capabilities and parameters of one machine. The zero value
// has QEMU's defaults.
type Settings struct {
	on         map[string]bool
	parameters map[string]any // those that differ from their default
	// Former: a migration whose address is none begins and fails, as up to QEMU
	// 7.2, and the status "failing" is told to nobody.
	Former bool
}

// Capabilities lists those capabilities that are known. Nothing is compressed
// here, and disks do not go with the machine.
func (s *Settings) Capabilities(known []string) []Capability {
	list := make([]Capability, 0, len(known))
	for _, name := range capabilities {
		if slices.Contains(known, name) {
			list = append(list, Capability{name, s.on[name]})
		}
	}
	return list
}

// Has reports whether a capability is on.
func (s *Settings) Has(capability string) bool { return s.on[capability] }

// SetCapabilities switches capabilities. When they do not go together nothing
// is changed.
func (s *Settings) SetCapabilities(list []Capability) error {
	next := map[string]bool{}
	for name := range s.on {
		next[name] = s.on[name]
	}
	for _, c := range list {
		next[c.Capability] = c.State
	}
	if err := check(next); err != nil {
		return err
	}
	s.on = next
	return nil
}

// check says what is wrong with a combination of capabilities, in QEMU's order.
func check(on map[string]bool) error {
	i := slices.IndexFunc(snapshotConflicts, func(name string) bool { return on[name] })
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{on["x-colo"] && !on["return-path"], "Capability 'x-colo' requires capability 'return-path'"},
		{on["postcopy-ram"] && on["x-ignore-shared"], "Postcopy is not compatible with ignore-shared"},
		{on["background-snapshot"] && i >= 0, "Background-snapshot is not compatible with " + snapshotConflicts[max(i, 0)]},
		{on["zero-copy-send"] && (!on["multifd"] || on["xbzrle"]), "Zero copy only available for non-compressed non-TLS multifd migration"},
		{on["postcopy-preempt"] && !on["postcopy-ram"], "Postcopy preempt requires postcopy-ram"},
		{on["switchover-ack"] && !on["return-path"], "Capability 'switchover-ack' requires capability 'return-path'"},
		{on["dirty-limit"] && on["auto-converge"], "dirty-limit conflicts with auto-converge either of then available currently"},
		{on["dirty-limit"], "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set"},
		{on["multifd"] && on["compress"], "Multifd is not compatible with compress"},
		{on["multifd"] && on["xbzrle"], "Multifd is not compatible with xbzrle"},
		{on["mapped-ram"] && on["xbzrle"], "Mapped-ram migration is incompatible with xbzrle"},
		{on["mapped-ram"] && on["postcopy-ram"], "Mapped-ram migration is incompatible with postcopy"},
	} {
		if c.wrong {
			return errors.New(c.text)
		}
	}
	return nil
}
