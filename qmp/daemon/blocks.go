package daemon

import (
	"github.com/qomd/qomd/qmp/qjson"
)

// openBlocks opens the block nodes and drives of the description, the nodes
// first, because drives may name them.
func (vm *VM) openBlocks() error {
	g := vm.Machine.Blocks
	for _, o := range vm.cfg.Blockdevs {
		opts := qjson.NewObject(qjson.Member{Name: "node-name", Value: o.ID})
		for name, v := range o.Options.All() {
			opts.Set(name, v)
		}
		add := g.AddText
		if o.FromJSON {
			add = g.Add
		}
		if err := add(opts); err != nil {
			return &Error{o.Origin, err}
		}
	}
	for _, o := range vm.cfg.Drives {
		if _, err := g.AddDrive(o.ID, o.Options, vm.driveInterface()); err != nil {
			return &Error{o.Origin, err}
		}
	}
	return nil
}

// driveInterface is how the machine connects drives that do not say how.
func (vm *VM) driveInterface() string {
	switch m := vm.Machine; {
	case m.IsPC() || m.IsQ35():
		return "ide"
	}
	return "none"
}
