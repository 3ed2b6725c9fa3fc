package machine

import (
	"slices"

	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
)

// migrationType is the type whose properties are migration's settings. It is in no
// tree: all that is seen of it is what the machine's type and -global make of it.
const migrationType = "migration"

// withMigrationObject runs f with an object of that type.
func (m *Machine) withMigrationObject(f func(*qdev.Device) error) error {
	o, err := m.env.Tree.New(migrationType)
	if err != nil {
		return err
	}
	defer o.Unref()
	d := qdev.From(o)
	if err := d.Invalid(); err != nil {
		return err
	}
	return f(d)
}

// settleMigration gives migration the settings that differ from QEMU's defaults.
func (m *Machine) settleMigration() error {
	if !slices.ContainsFunc(m.env.Defaults, func(d qdev.Default) bool { return d.Type == migrationType }) {
		return nil
	}
	return m.withMigrationObject(func(d *qdev.Device) error {
		parameters := qjson.NewObject()
		var capabilities []migration.Capability
		for _, def := range m.env.Defaults {
			if def.Type != migrationType {
				continue
			}
			v, err := d.Get(def.Property)
			if err != nil {
				return err
			}
			switch name, kind := migration.SettingOf(def.Property); kind {
			case migration.IsParameter:
				parameters.Set(name, v)
			case migration.IsCapability:
				on, _ := v.(bool)
				capabilities = append(capabilities, migration.Capability{Capability: name, State: on})
			}
		}
		if err := m.Migration.SetParameters(parameters); err != nil {
			return err
		}
		return m.Migration.SetCapabilities(capabilities)
	})
}

// MigrationGlobal is a setting of migration that no command changes; nil when this
// QEMU has none of that name.
func (m *Machine) MigrationGlobal(name string) (v any) {
	_ = m.withMigrationObject(func(d *qdev.Device) error {
		v, _ = d.Get(name)
		return nil
	})
	return v
}
