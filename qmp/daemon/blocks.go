package daemon

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
)

// Listing says that an option asked for a list instead of a machine.
type Listing struct{ Text string }

func (l *Listing) Error() string { return l.Text }

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
		if errors.Is(err, block.ErrFormats) {
			return &Listing{commands.Formats(vm.schema)}
		}
		if err != nil {
			return &Error{o.Origin, err}
		}
		vm.drives[d.Name()] = o.Origin
	}
	return nil
}

// driveDevices are those that drives of an interface ask for.
var driveDevices = map[any]string{"virtio": "virtio-blk-pci", "xen": "xen-disk"}

// plugDrives makes the devices that drives ask for. They come after all others, as
// in QEMU.
func (vm *VM) plugDrives() error {
	for _, o := range vm.cfg.Drives {
		kind, _ := o.Options.Get("if")
		driver, ok := driveDevices[kind]
		if !ok {
			continue
		}
		name := o.ID
		if name == "" {
			name = vm.unplugged(kind.(string))
		}
		d := config.Device{
			Driver: driver, Origin: o.Origin,
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
	for _, iface := range []string{"ide", "scsi", "floppy", "mtd", "sd"} {
		for _, d := range vm.Machine.Blocks.Drives(iface) {
			at := d.Place()
			err := fmt.Errorf("machine type does not support if=%s,bus=%d,unit=%d", at.Interface, at.Bus, at.Unit)
			return &Error{vm.drives[d.Name()], err}
		}
	}
	return nil
}

// unplugged returns the name of the first drive of an interface without a device.
func (vm *VM) unplugged(iface string) string {
	b := vm.Machine.Blocks.Waiting(iface)
	if b == nil {
		return ""
	}
	return b.Name()
}
