package commands

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// migration registers the commands of qapi/migration.json.
func (c *Commands) migration() {
	m := c.m.Migration
	qmp.Register(c.set, "query-migrate-capabilities", 0, func(*qmp.Call, none) ([]migration.Capability, error) {
		return m.Capabilities(c.schema.Choices("migrate-set-capabilities", "capabilities", "capability")), nil
	})
	qmp.Register(c.set, "migrate-set-capabilities", 0, func(_ *qmp.Call, a capabilitiesArgs) (none, error) {
		if m.Busy() {
			return none{}, migration.ErrBusy
		}
		return none{}, m.SetCapabilities(a.Capabilities)
	})
	qmp.Register(c.set, "query-migrate-parameters", 0, func(*qmp.Call, none) (*qjson.Object, error) {
		return m.Parameters(c.schema.Members("migrate-set-parameters")), nil
	})
	qmp.RegisterRaw(c.set, "migrate-set-parameters", 0, func(_ *qmp.Call, args *qjson.Object) (any, error) {
		return nil, m.SetParameters(args)
	})
	qmp.Register(c.set, "query-migrate", 0, func(*qmp.Call, none) (migration.Info, error) { return m.Query(), nil })
	qmp.Register(c.set, "migrate", 0, c.migrate)
	qmp.Register(c.set, "migrate-incoming", 0, c.migrateIncoming)
	qmp.Register(c.set, "migrate_cancel", 0, func(*qmp.Call, none) (none, error) { return none{}, m.Cancel() })
	qmp.Register(c.set, "migrate-continue", 0, func(_ *qmp.Call, a continueArgs) (none, error) {
		return none{}, m.Continue(a.State)
	})
	qmp.Register(c.set, "migrate-start-postcopy", 0, func(*qmp.Call, none) (none, error) { return none{}, m.StartPostcopy() })
	qmp.Register(c.set, "migrate-pause", qmp.AllowOOB, func(call *qmp.Call, _ none) (none, error) {
		return none{}, c.locked(call, m.Pause)
	})
	qmp.Register(c.set, "migrate-recover", qmp.AllowOOB, func(call *qmp.Call, a recoverArgs) (none, error) {
		return none{}, c.locked(call, func() error {
			return m.Recover(func() (migration.Address, error) { return migration.ParseURI(a.URI) })
		})
	})
	qmp.Register(c.set, "client_migrate_info", 0, c.clientMigrateInfo)
}

// locked runs f under the machine's lock, which a command that runs out of band
// does not have.
func (c *Commands) locked(call *qmp.Call, f func() error) (err error) {
	if !call.OOB {
		return f()
	}
	c.m.Do(func() { err = f() })
	return err
}

type capabilitiesArgs struct {
	Capabilities []migration.Capability `json:"capabilities"`
}

type recoverArgs struct {
	URI string `json:"uri"`
}

type continueArgs struct {
	State migration.Status `json:"state"`
}

type migrateArgs struct {
	URI      *string             `json:"uri"`
	Channels []migration.Channel `json:"channels"`
	Resume   bool                `json:"resume"`
	// What QEMU 7.2 has: whether disks go along, in full or what is new in them.
	Blk bool `json:"blk"`
	Inc bool `json:"inc"`
}

func (c *Commands) migrate(_ *qmp.Call, a migrateArgs) (none, error) {
	if a.Blk || a.Inc {
		if c.m.Migration.Has("block") {
			return none{}, errors.New("Command options are incompatible with current migration capabilities")
		}
		return none{}, migration.ErrDisks
	}
	to, err := migration.Where(a.URI, a.Channels)
	if err != nil {
		return none{}, c.m.Migration.Refuse(err, a.Resume)
	}
	return none{}, c.m.Migration.Start(to, a.Resume)
}

type incomingArgs struct {
	URI      *string             `json:"uri"`
	Channels []migration.Channel `json:"channels"`
	Exit     *bool               `json:"exit-on-error"`
}

func (c *Commands) migrateIncoming(_ *qmp.Call, a incomingArgs) (none, error) {
	if err := c.m.Migration.MayReceive(); err != nil {
		return none{}, err
	}
	from, err := migration.Where(a.URI, a.Channels)
	if err != nil {
		return none{}, err
	}
	return none{}, c.m.Migration.Incoming(from, a.Exit)
}

type clientInfoArgs struct {
	Protocol string `json:"protocol"`
}

// clientMigrateInfo is about SPICE, which no machine here has.
func (c *Commands) clientMigrateInfo(_ *qmp.Call, a clientInfoArgs) (none, error) {
	if a.Protocol != "spice" {
		return none{}, fmt.Errorf("Parameter 'protocol' expects 'spice'")
	}
	return none{}, qmp.Errorf(qmp.DeviceNotActive, "SPICE is not in use")
}
