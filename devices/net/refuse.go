package net

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
)

// refuse tells why a backend cannot be had here: with QEMU's words where QEMU
// would fail too on a host like this one.
func (s *Stack) refuse(typ string, o options) error {
	switch typ {
	case "bridge":
		return errors.New("bridge helper failed")
	case "vde":
		return errors.New("Could not open vde: No such file or directory")
	case "vhost-user":
		return s.refuseVhostUser(o.text("chardev"))
	case "vhost-vdpa":
		dev := o.text("vhostdev")
		switch {
		case dev == "" && !o.has("vhostfd"):
			return errors.New("vhost-vdpa: neither vhostdev= nor vhostfd= was specified")
		case dev != "" && o.has("vhostfd"):
			return errors.New("vhost-vdpa: vhostdev= and vhostfd= are mutually exclusive")
		}
		if f, err := os.OpenFile(dev, os.O_RDWR, 0); err != nil {
			return fmt.Errorf("Could not open '%s': %s", dev, object.Strerror(err))
		} else {
			f.Close()
		}
	case "passt":
		if _, err := exec.LookPath("passt"); err != nil {
			return errors.New("Error creating daemon: Failed to execute child process “passt” (No such file or directory)")
		}
	}
	return fmt.Errorf("network backend '%s' is not supported by qomd", typ)
}

// refuseVhostUser checks the character device before it gives up.
func (s *Stack) refuseVhostUser(id string) error {
	var c *chardev.Chardev
	if s.Chardevs != nil {
		c = s.Chardevs.Find(id)
	}
	if c == nil {
		return fmt.Errorf("chardev \"%s\" not found", id)
	}
	if b, ok := c.Backend().(*chardev.Socket); !ok || b.Address().Type == "inet" {
		return fmt.Errorf("chardev \"%s\" is not a unix socket", id)
	}
	return errors.New("network backend 'vhost-user' is not supported by qomd")
}
