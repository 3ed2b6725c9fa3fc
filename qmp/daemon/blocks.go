package daemon

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
)

// openBlocks opens the block nodes and drives of the description, the nodes
// first, because drives may name them.
func (vm *VM) openBlocks() error {
	g := vm.Machine.Blocks
	for _, o := range vm.cfg.Blockdevs {
		opts := withMembers(o.Options)
		if o.ID != "" {
			opts = withMembers(o.Options, text("node-name", o.ID))
		}
		opts, err := commands.Written{Schema: vm.schema}.Blockdev(opts, !o.FromJSON)
		if err == nil && o.ID == "" {
			err = errors.New("'node-name' must be specified for the root node")
		} else if err == nil {
			err = g.Add(opts)
		}
		if err != nil {
			return &Error{o.Origin, err}
		}
	}
	vm.drives = make(map[string]config.Origin, len(vm.cfg.Drives))
	for _, o := range vm.cfg.Drives {
		d, err := g.AddDrive(o.ID, o.Options, vm.Machine.Wiring())
		if err != nil {
			return &Error{o.Origin, err}
		}
		vm.drives[d.Name()] = o.Origin
	}
	return nil
}

// plugDrives makes the devices that drives with if=virtio ask for. They come
// after all others, as in QEMU.
func (vm *VM) plugDrives() error {
	for _, o := range vm.cfg.Drives {
		if kind, _ := o.Options.Get("if"); kind != "virtio" {
			continue
		}
		name := o.ID
		if name == "" {
			name = vm.unplugged()
		}
		d := config.Device{
			Driver: "virtio-blk-pci", Origin: o.Origin,
			Options: qjson.NewObject(qjson.Member{Name: "drive", Value: name}),
		}
		if err := vm.addDevices([]config.Device{d}, nil); err != nil {
			return err
		}
	}
	return nil
}

// checkDrives refuses drives that ask for a place which the machine does not
// have. Firmware's flash is no device here.
func (vm *VM) checkDrives() error {
	for _, iface := range []string{"ide", "scsi", "floppy", "mtd", "sd", "xen"} {
		for _, d := range vm.Machine.Blocks.Drives(iface) {
			at := d.Place()
			err := fmt.Errorf("machine type does not support if=%s,bus=%d,unit=%d", at.Interface, at.Bus, at.Unit)
			return &Error{vm.drives[d.Name()], err}
		}
	}
	return nil
}

// unplugged returns the name of the first drive for virtio without a device.
func (vm *VM) unplugged() string {
	b := vm.Machine.Blocks.Waiting("virtio")
	if b == nil {
		return ""
	}
	return b.Name()
}
