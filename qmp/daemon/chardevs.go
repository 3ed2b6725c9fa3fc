package daemon

import (
	"fmt"
	"strconv"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
)

// openChardevs opens the backends of the description and adds their objects.
// The backends are opened without the machine's lock: connecting may block.
func (vm *VM) openChardevs() error {
	for _, c := range vm.cfg.Chardevs {
		b, err := openBackend(c)
		if err != nil {
			return &Error{c.Origin, err}
		}
		vm.Machine.Do(func() {
			var dev *chardev.Chardev
			if dev, err = chardev.Add(vm.Machine.Chardevs(), c.ID, b); err == nil {
				vm.chardevs = append(vm.chardevs, dev)
				if s, ok := b.(*chardev.Socket); ok {
					vm.Machine.Yanks.Add(c.ID, s.Cut)
				}
			}
		})
		if err != nil {
			b.Close()
			return &Error{c.Origin, err}
		}
	}
	return nil
}

func openBackend(c config.Chardev) (chardev.Backend, error) {
	switch c.Backend {
	case "null":
		return chardev.Null{}, nil
	case "socket":
		s := c.Socket
		o := chardev.SocketOptions{
			Path: s.Path, Abstract: s.Abstract, Host: s.Host, Port: s.Port,
			Server: s.Server, Reconnect: s.Reconnect,
		}
		if s.FD != "" {
			fd, err := strconv.Atoi(s.FD)
			if err != nil {
				return nil, fmt.Errorf("File descriptor named '%s' has not been found", s.FD)
			}
			o.FD, o.UseFD = fd, true
		}
		return chardev.OpenSocket(o)
	}
	return nil, fmt.Errorf("'%s' is not a valid char driver name", c.Backend)
}

// chardev returns the device of an id, nil when there is none.
func (vm *VM) chardev(id string) *chardev.Chardev {
	for _, c := range vm.chardevs {
		if c.Label() == id {
			return c
		}
	}
	return nil
}
