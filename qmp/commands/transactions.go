package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// undoable is a command that a transaction can take back. undo may be nil.
type undoable func(args *qjson.Object) (undo func(), err error)

// bitmaps registers the commands on dirty bitmaps, and the transaction of
// them.
func (c *Commands) bitmaps() {
	actions := c.actions()
	for name, run := range actions {
		if name == "abort" {
			continue
		}
		qmp.RegisterRaw(c.set, name, 0, func(_ *qmp.Call, args *qjson.Object) (any, error) {
			_, err := run(args)
			return nil, err
		})
	}
	qmp.Register(c.set, "transaction", 0, func(_ *qmp.Call, a transactionArgs) (none, error) {
		return none{}, transact(actions, a)
	})
}

type transactionArgs struct {
	Actions []struct {
		Type string        `json:"type"`
		Data *qjson.Object `json:"data"`
	} `json:"actions"`
}

// transact runs actions in their order, and takes back those that were done
// when one fails.
func transact(actions map[string]undoable, a transactionArgs) error {
	var undo []func()
	for _, x := range a.Actions {
		u, err := (func())(nil), error(qmp.Errorf(qmp.GenericError, "Action '%s' is not supported", x.Type))
		if run := actions[x.Type]; run != nil {
			u, err = run(x.Data)
		}
		if err != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				undo[i]()
			}
			return err
		}
		if u != nil {
			undo = append(undo, u)
		}
	}
	return nil
}

type bitmapArgs struct {
	Node        string `json:"node"`
	Name        string `json:"name"`
	Granularity *int64 `json:"granularity"`
	Persistent  bool   `json:"persistent"`
	Disabled    bool   `json:"disabled"`
}

// actions are the members of a transaction that exist.
func (c *Commands) actions() map[string]undoable {
	g := c.m.Blocks
	named := func(run func(node, name string) (func(), error)) undoable {
		return func(args *qjson.Object) (func(), error) {
			var a bitmapArgs
			if err := qjson.Unmarshal(args, &a); err != nil {
				return nil, err
			}
			return run(a.Node, a.Name)
		}
	}
	return map[string]undoable{
		"abort": func(*qjson.Object) (func(), error) {
			return nil, errors.New("Transaction aborted using Abort action")
		},
		"block-dirty-bitmap-add": func(args *qjson.Object) (func(), error) {
			var a bitmapArgs
			if err := qjson.Unmarshal(args, &a); err != nil {
				return nil, err
			}
			err := g.AddBitmap(block.BitmapOptions{
				Node: a.Node, Name: a.Name, Granularity: a.Granularity, Persistent: a.Persistent, Disabled: a.Disabled,
			})
			return func() { g.RemoveBitmap(a.Node, a.Name) }, err
		},
		"block-dirty-bitmap-remove": named(g.RemoveBitmap),
		"block-dirty-bitmap-clear":  named(g.ClearBitmap),
		"block-dirty-bitmap-enable": named(func(node, name string) (func(), error) {
			return g.RecordBitmap(node, name, true)
		}),
		"block-dirty-bitmap-disable": named(func(node, name string) (func(), error) {
			return g.RecordBitmap(node, name, false)
		}),
		"block-dirty-bitmap-merge": c.mergeBitmaps,
	}
}

type mergeArgs struct {
	Node    string `json:"node"`
	Target  string `json:"target"`
	Bitmaps []any  `json:"bitmaps"` // names, or objects with node and name
}

func (c *Commands) mergeBitmaps(args *qjson.Object) (func(), error) {
	var a mergeArgs
	if err := qjson.Unmarshal(args, &a); err != nil {
		return nil, err
	}
	var from []block.BitmapRef
	for _, v := range a.Bitmaps {
		switch v := v.(type) {
		case string:
			from = append(from, block.BitmapRef{Name: v})
		case *qjson.Object:
			var r bitmapArgs
			if err := qjson.Unmarshal(v, &r); err != nil {
				return nil, err
			}
			from = append(from, block.BitmapRef{Node: r.Node, Name: r.Name})
		}
	}
	return c.m.Blocks.MergeBitmaps(a.Node, a.Target, from)
}
