package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// migration registers those commands of qapi/migration.json that make sense
// while no migration can be started: settings are kept and told, and the
// commands that rescue a migration refuse, as QEMU does when none is in need.
func (c *Commands) migration() {
	settings := new(migration.Settings)
	qmp.Register(c.set, "query-migrate-capabilities", 0, func(*qmp.Call, none) ([]migration.Capability, error) {
		return settings.Capabilities(), nil
	})
	qmp.Register(c.set, "migrate-set-capabilities", 0, func(_ *qmp.Call, a capabilitiesArgs) (none, error) {
		return none{}, settings.SetCapabilities(a.Capabilities)
	})
	qmp.Register(c.set, "query-migrate-parameters", 0, func(*qmp.Call, none) (*qjson.Object, error) {
		return settings.Parameters(), nil
	})
	qmp.RegisterRaw(c.set, "migrate-set-parameters", 0, func(_ *qmp.Call, args *qjson.Object) (any, error) {
		return nil, settings.SetParameters(args)
	})
	qmp.Register(c.set, "query-migrate", 0, func(*qmp.Call, none) (none, error) { return none{}, nil })
	qmp.Register(c.set, "migrate-pause", qmp.AllowOOB, func(*qmp.Call, none) (none, error) {
		return none{}, errors.New("migrate-pause is currently only supported during postcopy-active or postcopy-recover state")
	})
	qmp.Register(c.set, "migrate-recover", qmp.AllowOOB, func(*qmp.Call, recoverArgs) (none, error) {
		return none{}, errors.New("Migrate recover can only be run when postcopy is paused.")
	})
}

type capabilitiesArgs struct {
	Capabilities []migration.Capability `json:"capabilities"`
}

type recoverArgs struct {
	URI string `json:"uri"`
}
