package commands

import (
	"strings"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// media registers the commands on media that can be taken out, and on drives.
func (c *Commands) media() {
	qmp.Register(c.set, "eject", 0, c.eject)
	qmp.Register(c.set, "blockdev-open-tray", 0, c.openTray)
	qmp.Register(c.set, "blockdev-close-tray", 0, c.closeTray)
	qmp.Register(c.set, "blockdev-remove-medium", 0, c.removeMedium)
	qmp.Register(c.set, "blockdev-insert-medium", 0, c.insertMedium)
	qmp.Register(c.set, "blockdev-change-medium", 0, c.changeMedium)
	qmp.RegisterRaw(c.set, "block_set_io_throttle", 0, c.setThrottle)
}

type trayArgs struct {
	block.Which
	Force bool `json:"force"`
}

func (c *Commands) eject(_ *qmp.Call, a trayArgs) (none, error) {
	return none{}, wireError(c.m.Blocks.Eject(a.Which, a.Force))
}

func (c *Commands) openTray(_ *qmp.Call, a trayArgs) (none, error) {
	return none{}, wireError(c.m.Blocks.OpenTray(a.Which, a.Force))
}

func (c *Commands) closeTray(_ *qmp.Call, a block.Which) (none, error) {
	return none{}, wireError(c.m.Blocks.CloseTray(a))
}

func (c *Commands) removeMedium(_ *qmp.Call, a block.Which) (none, error) {
	return none{}, wireError(c.m.Blocks.RemoveMedium(a))
}

type insertArgs struct {
	block.Which
	Node string `json:"node-name"`
}

func (c *Commands) insertMedium(_ *qmp.Call, a insertArgs) (none, error) {
	return none{}, wireError(c.m.Blocks.InsertMedium(a.Which, a.Node))
}

type changeArgs struct {
	block.Which
	Filename string `json:"filename"`
	Format   string `json:"format"`
	Force    bool   `json:"force"`
	ReadOnly string `json:"read-only-mode"`
}

func (c *Commands) changeMedium(_ *qmp.Call, a changeArgs) (none, error) {
	return none{}, wireError(c.m.Blocks.ChangeMedium(a.Which, block.Change{
		Filename: a.Filename, Format: a.Format, ReadOnly: a.ReadOnly, Force: a.Force,
	}))
}

type throttleArgs struct {
	block.Which
	block.Limits
	Group string `json:"group"`
}

func (c *Commands) setThrottle(_ *qmp.Call, args *qjson.Object) (any, error) {
	var a throttleArgs
	if err := qjson.Unmarshal(args, &a); err != nil {
		return nil, err
	}
	for name, v := range args.All() {
		if n, ok := qjson.Int(v); ok && n == 0 && strings.HasSuffix(name, "_length") {
			a.ZeroTime = true
		}
	}
	return none{}, wireError(c.m.Blocks.Throttle(a.Which, a.Limits, a.Group))
}
