package commands

import (
	"errors"
	"strings"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// action is a command that can be part of a transaction. txn groups the jobs
// that it starts; nil for a job on its own.
type action func(args *qjson.Object, txn *job.Txn) (block.Action, error)

// transactions registers the commands that can be part of a transaction, and
// the transaction itself.
func (c *Commands) transactions() {
	actions := c.actions()
	for name, run := range actions {
		if name == "abort" || name == snapshotInside {
			continue
		}
		qmp.RegisterRaw(c.set, name, 0, func(_ *qmp.Call, args *qjson.Object) (any, error) {
			if !strings.HasPrefix(name, "block-dirty-bitmap-") { // QEMU makes a transaction of these
				c.m.Jobs.Pulse()
			}
			a, err := run(args, nil)
			if err == nil {
				block.Actions{a}.Commit()
			}
			return nil, wireError(err)
		})
	}
	qmp.Register(c.set, "transaction", 0, func(_ *qmp.Call, a transactionArgs) (none, error) {
		c.m.Jobs.Pulse()
		return none{}, transact(actions, a)
	})
}

type transactionArgs struct {
	Actions []struct {
		Type string        `json:"type"`
		Data *qjson.Object `json:"data"`
	} `json:"actions"`
	Properties struct {
		Mode string `json:"completion-mode"`
	} `json:"properties"`
}

// startsJob tells the actions that may be grouped.
func startsJob(name string) bool { return name == "blockdev-backup" || name == "drive-backup" }

// transact makes all changes, or none when one cannot be made.
func transact(actions map[string]action, a transactionArgs) error {
	var txn *job.Txn
	if a.Properties.Mode == "grouped" {
		txn = new(job.Txn)
		for _, x := range a.Actions {
			if !startsJob(x.Type) {
				return qmp.Errorf(qmp.GenericError, "Action '%s' does not support transaction property completion-mode = grouped", x.Type)
			}
		}
	}
	var made block.Actions
	for _, x := range a.Actions {
		run := actions[x.Type]
		if run == nil {
			made.Undo()
			return qmp.Errorf(qmp.GenericError, "Action '%s' is not supported", x.Type)
		}
		m, err := run(x.Data, txn)
		if err != nil {
			made.Undo()
			return wireError(err)
		}
		made = append(made, m)
	}
	made.Commit()
	return nil
}

// with makes an action of a function of typed arguments.
func with[A any](run func(A) (block.Action, error)) action {
	return func(args *qjson.Object, _ *job.Txn) (block.Action, error) {
		var a A
		if err := qjson.Unmarshal(args, &a); err != nil {
			return block.Action{}, err
		}
		return run(a)
	}
}

// actions are the members of a transaction that exist.
func (c *Commands) actions() map[string]action {
	g := c.m.Blocks
	named := func(run func(node, name string) (func(), error)) action {
		return with(func(a bitmapArgs) (block.Action, error) {
			undo, err := run(a.Node, a.Name)
			return block.Action{Undo: undo}, err
		})
	}
	return map[string]action{
		"abort": func(*qjson.Object, *job.Txn) (block.Action, error) {
			return block.Action{}, errors.New("Transaction aborted using Abort action")
		},
		"block-dirty-bitmap-add":    with(c.addBitmap),
		"block-dirty-bitmap-remove": named(g.RemoveBitmap),
		"block-dirty-bitmap-clear":  named(g.ClearBitmap),
		"block-dirty-bitmap-enable": named(func(node, name string) (func(), error) {
			return g.RecordBitmap(node, name, true)
		}),
		"block-dirty-bitmap-disable": named(func(node, name string) (func(), error) {
			return g.RecordBitmap(node, name, false)
		}),
		"block-dirty-bitmap-merge": with(c.mergeBitmaps),
		"blockdev-backup":          c.backup(false),
		"drive-backup":             c.backup(true),
		"blockdev-snapshot":        with(c.snapshot),
		snapshotInside:             with(c.snapshotInsideNow),
		"blockdev-snapshot-sync":   with(c.snapshotSync),
	}
}

type bitmapArgs struct {
	Node        string `json:"node"`
	Name        string `json:"name"`
	Granularity *int64 `json:"granularity"`
	Persistent  bool   `json:"persistent"`
	Disabled    bool   `json:"disabled"`
}

func (c *Commands) addBitmap(a bitmapArgs) (block.Action, error) {
	err := c.m.Blocks.AddBitmap(block.BitmapOptions{
		Node: a.Node, Name: a.Name, Granularity: a.Granularity, Persistent: a.Persistent, Disabled: a.Disabled,
	})
	return block.Action{Undo: func() { c.m.Blocks.RemoveBitmap(a.Node, a.Name) }}, err
}

type mergeArgs struct {
	Node    string `json:"node"`
	Target  string `json:"target"`
	Bitmaps []any  `json:"bitmaps"` // names, or objects with node and name
}

func (c *Commands) mergeBitmaps(a mergeArgs) (block.Action, error) {
	var from []block.BitmapRef
	for _, v := range a.Bitmaps {
		switch v := v.(type) {
		case string:
			from = append(from, block.BitmapRef{Name: v})
		case *qjson.Object:
			var r bitmapArgs
			if err := qjson.Unmarshal(v, &r); err != nil {
				return block.Action{}, err
			}
			from = append(from, block.BitmapRef{Node: r.Node, Name: r.Name})
		}
	}
	undo, err := c.m.Blocks.MergeBitmaps(a.Node, a.Target, from)
	return block.Action{Undo: undo}, err
}

type snapshotArgs struct {
	Node    string `json:"node"`
	Overlay string `json:"overlay"`
}

func (c *Commands) snapshot(a snapshotArgs) (block.Action, error) {
	return c.m.Blocks.Snapshot(block.SnapshotOptions{Device: a.Node, Node: a.Node, Overlay: a.Overlay})
}

type snapshotSyncArgs struct {
	Device   string `json:"device"`
	Node     string `json:"node-name"`
	File     string `json:"snapshot-file"`
	NodeName string `json:"snapshot-node-name"`
	Format   string `json:"format"`
	Mode     string `json:"mode"`
}

func (c *Commands) snapshotSync(a snapshotSyncArgs) (block.Action, error) {
	return c.m.Blocks.Snapshot(block.SnapshotOptions{
		Device: a.Device, Node: a.Node, File: a.File, NodeName: a.NodeName, Format: a.Format, Existing: a.Mode == "existing",
	})
}
