package hmp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp/commands"
)

// blockRows are the commands on drives and block nodes.
func blockRows() []*command {
	return []*command{
		{names: "drive_add", args: "node:-n,pci_addr:s,opts:s", params: driveParams, qmp: "blockdev-add", bare: true,
			help: "make a drive; options as -drive takes them, with -n as -blockdev does; the address does not matter",
			run:  driveAdd},
		{names: "drive_del", args: "id:B", params: "device", help: "remove a drive, or take its medium from the device that uses it",
			qmp: "blockdev-del", bare: true, run: func(r *run) error { return r.h.m.Blocks.DelDrive(r.args.text("id")) }},
		{names: "block_resize", args: "device:B,size:o", params: "device size", help: "change the length of an image",
			qmp: "block_resize", run: forward("block_resize", "device", "size")},
		{names: "block_set_io_throttle", args: "device:B,bps:l,bps_rd:l,bps_wr:l,iops:l,iops_rd:l,iops_wr:l",
			params: "device bps bps_rd bps_wr iops iops_rd iops_wr", help: "set how fast a drive may be",
			qmp: "block_set_io_throttle", run: throttle},
		{names: "eject", args: "force:-f,device:B", params: "[-f] device", help: "take a medium out; -f: although the guest holds it",
			qmp: "eject", run: forward("eject", "device", "force")},
		{names: "change", args: "device:B,force:-f,target:F,arg:s?,read-only-mode:s?", qmp: "blockdev-change-medium",
			params: "device [-f] filename [format [read-only-mode]]", help: "change a medium; -f: although the guest holds it",
			run: change},
	}
}

// driveParams is in several lines, as QEMU has it.
const driveParams = `[-n] [[<domain>:]<bus>:]<slot>
[file=file][,if=type][,bus=n]
[,unit=m][,media=d][,index=i]
[,snapshot=on|off][,cache=on|off]
[,readonly=on|off][,copy-on-read=on|off]`

func driveAdd(r *run) error {
	d, err := config.ParseDrive(r.h.m.Options().Catalog, r.args.text("opts"))
	if err != nil {
		r.printf("%s\n", err)
		return nil
	}
	for _, w := range d.Warnings {
		r.printf("warning: %s\n", w)
	}
	if r.args.flag("node") {
		return r.nodeAdd(d)
	}
	if g := r.h.m.Blocks; d.ID != "" && g.BackendOf(d.ID) != nil {
		r.printf("Duplicate ID '%s' for drive\n", d.ID)
		return nil
	}
	err = r.h.m.Blocks.HotAddDrive(d.ID, d.Options, r.h.m.Wiring())
	if errors.Is(err, block.ErrFormats) {
		r.printf("%s", commands.Formats(r.h.schema))
		return nil
	}
	if err != nil {
		return err
	}
	r.printf("OK\n")
	return nil
}

// nodeAdd makes a node, of options.
func (r *run) nodeAdd(d config.DriveText) error {
	o := d.Options
	if d.ID != "" {
		o.Set("id", d.ID)
	}
	if !o.Has("node-name") {
		return errors.New("'node-name' needs to be specified")
	}
	return r.h.m.Blocks.AddText(o)
}

// throttle finds the drive by its id or else by its device's.
func throttle(r *run) error {
	name := "id=device"
	if r.h.m.Blocks.BackendOf(r.args.text("device")) != nil {
		name = "device"
	}
	return r.ask("block_set_io_throttle", r.members(name, "bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")...)
}

func change(r *run) error {
	if r.args.text("device") == "vnc" {
		return changeVNC(r)
	}
	if r.has("read-only-mode") {
		if err := r.choice("read-only-mode", "blockdev-change-medium", "read-only-mode"); err != nil {
			return err
		}
	}
	return r.ask("blockdev-change-medium", r.members("device", "filename=target", "format=arg", "read-only-mode", "force")...)
}

// choice refuses an argument that is none of the values that a member of a QMP
// command's arguments can have; path leads to it.
func (r *run) choice(argument, command string, path ...string) error {
	value := r.args.text(argument)
	if !slices.Contains(r.h.schema.Choices(command, path...), value) {
		return fmt.Errorf("invalid parameter value: %s", value)
	}
	return nil
}
