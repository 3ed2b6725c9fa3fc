package commands

import (
	"errors"

	"github.com/qomd/qomd/qmp"
)

// migration registers those commands of qapi/migration.json that make sense
// while no migration can be started: the ones that rescue one refuse, as QEMU
// does when none is in need.
func (c *Commands) migration() {
	qmp.Register(c.set, "migrate-pause", qmp.AllowOOB, func(*qmp.Call, none) (none, error) {
		return none{}, errors.New("migrate-pause is currently only supported during postcopy-active or postcopy-recover state")
	})
	qmp.Register(c.set, "migrate-recover", qmp.AllowOOB, func(*qmp.Call, recoverArgs) (none, error) {
		return none{}, errors.New("Migrate recover can only be run when postcopy is paused.")
	})
}

type recoverArgs struct {
	URI string `json:"uri"`
}
