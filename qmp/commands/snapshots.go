package commands

import (
	"context"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
)

// snapshots registers the commands of qapi/migration.json on snapshots of the
// whole machine.
func (c *Commands) snapshots() {
	for _, name := range []string{"snapshot-save", "snapshot-load", "snapshot-delete"} {
		qmp.Register(c.set, name, 0, func(call *qmp.Call, a savedArgs) (none, error) { return c.snapshotJob(call, name, a) })
	}
}

type savedArgs struct {
	ID      string   `json:"job-id"`
	Tag     string   `json:"tag"`
	State   *string  `json:"vmstate"`
	Devices []string `json:"devices"`
}

// snapshotJob starts a job. As in QEMU its work is done when the reply comes, and
// the job ends afterwards.
func (c *Commands) snapshotJob(call *qmp.Call, typ string, a savedArgs) (none, error) {
	more := make(chan struct{})
	var gone <-chan struct{}
	if call.CanWait() {
		gone = call.Context().Done()
	} else {
		close(more)
	}
	if a.Devices == nil {
		a.Devices = []string{} // none, not all
	}
	acted, err := c.m.Snapshots.Start(typ, a.ID, machine.SnapshotOptions{Name: a.Tag, State: a.State, Nodes: a.Devices}, more, gone)
	if err != nil || !call.CanWait() {
		return none{}, err
	}
	return qmp.Aside(call, func(ctx context.Context) {
		select {
		case <-acted:
		case <-ctx.Done():
		}
	}, func() (none, error) {
		close(more)
		return none{}, nil
	})
}
