package config

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/qmp/qjson"
)

// fsdev keeps a folder to be shared, which is checked later.
func (b *builder) fsdev(a argument) error {
	_, err := b.folder("fsdev", a)
	return err
}

// folder parses a use of a group of folders. A word "help" says nothing there.
func (b *builder) folder(group string, a argument) (*opts, error) {
	g := b.groups[group]
	o, help, warnings, err := g.parse(a.value, a.origin)
	b.warn(a.origin, warnings...)
	if help {
		g.list = append(g.list, o)
		o.origin = a.origin
	}
	return o, err
}

// virtfs is short for -fsdev and a device for it, which both have the tag for a
// name. Members that are not handed on have no effect, as in QEMU.
func (b *builder) virtfs(a argument) error {
	o, err := b.folder("virtfs", a)
	if err != nil {
		return err
	}
	tag, ok := o.get("mount_tag")
	if _, driver := o.get("fsdriver"); !ok || !driver {
		return errors.New("Usage: -virtfs fsdriver,mount_tag=tag")
	}
	folder, err := b.groups["fsdev"].use(tag, true)
	if err != nil {
		return fmt.Errorf("duplicate or invalid fsdev id: %s", tag)
	}
	folder.origin = a.origin
	for _, name := range []string{"fsdriver", "writeout", "path", "security_model", "readonly", "socket", "sock_fd", "multidevs", "max_xattr"} {
		if v, ok := o.get(name); ok {
			folder.pairs = append(folder.pairs, pair{name, v})
		}
	}
	device, err := b.groups["device"].use("", false)
	if err != nil {
		return err
	}
	device.origin = a.origin
	device.pairs = []pair{{"driver", "virtio-9p-pci"}, {"fsdev", tag}, {"mount_tag", tag}}
	return nil
}

// finishFolders checks the folders; they are opened by the devices.
func (b *builder) finishFolders() error {
	for _, o := range b.groups["fsdev"].list {
		b.m.Fsdevs = append(b.m.Fsdevs, Option{Name: "fsdev", ID: o.id, Options: o.object(), Origin: o.origin})
	}
	var errs []error
	for _, o := range b.m.Fsdevs {
		if _, err := fsdev.Parse(o.ID, orEmpty(o.Options)); err != nil {
			errs = append(errs, at(o.Origin, err))
		}
	}
	return errors.Join(errs...)
}

func orEmpty(o *qjson.Object) *qjson.Object {
	if o == nil {
		return qjson.NewObject()
	}
	return o
}
