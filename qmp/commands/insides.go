package commands

import (
	"context"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp"
)

// snapshotInside is also an action of transactions.
const snapshotInside = "blockdev-snapshot-internal-sync"

// insides registers the commands on snapshots inside images.
func (c *Commands) insides() {
	qmp.Register(c.set, snapshotInside, 0, c.snapshotInside)
	qmp.Register(c.set, "blockdev-snapshot-delete-internal-sync", 0, c.deleteInside)
}

type insideArgs struct {
	Device string  `json:"device"`
	ID     *string `json:"id"`
	Name   *string `json:"name"`
}

func (c *Commands) snapshotInside(call *qmp.Call, a insideArgs) (none, error) {
	c.m.Jobs.Pulse()
	in, err := c.m.Blocks.SnapshotInside(a.Device, *a.Name)
	if err != nil {
		return none{}, err
	}
	return change(call, in, none{})
}

func (c *Commands) deleteInside(call *qmp.Call, a insideArgs) (block.SnapshotInfo, error) {
	c.m.Jobs.Pulse()
	in, err := c.m.Blocks.DeleteInside(a.Device, a.ID, a.Name)
	if err != nil {
		return block.SnapshotInfo{}, err
	}
	return change(call, in, in.Info)
}

// change makes a change of an image without the machine's lock, where the call
// can wait.
func change[R any](call *qmp.Call, in *block.Inside, result R) (R, error) {
	var err error
	return qmp.Aside(call, func(context.Context) { err = in.Work() }, func() (R, error) {
		in.Done()
		return result, err
	})
}

// snapshotInsideNow makes a snapshot as a part of a transaction, of which nobody
// must see only half: with the lock.
func (c *Commands) snapshotInsideNow(a insideArgs) (block.Action, error) {
	in, err := c.m.Blocks.SnapshotInside(a.Device, *a.Name)
	if err != nil {
		return block.Action{}, err
	}
	defer in.Done()
	return block.Action{Undo: in.Undo}, in.Work()
}
