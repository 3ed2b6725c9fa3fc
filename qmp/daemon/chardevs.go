package daemon

import (
	"context"
	"errors"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/commands"
)

// openChardevs opens the backends of the description and adds their objects.
// The backends are opened without the machine's lock: connecting may block, and
// so may waiting for the first client, where the description says so.
func (vm *VM) openChardevs() error {
	for _, c := range vm.cfg.Chardevs {
		err := vm.openChardev(c)
		if err != nil && c.Unopened != "" {
			err = errors.Join(err, errors.New(c.Unopened))
		}
		if err != nil {
			return &Error{c.Origin, err}
		}
	}
	return nil
}

// terminal is what commands to a multiplexer do.
func (vm *VM) terminal() chardev.Terminal {
	t := chardev.Terminal{
		Quit:   func() { vm.Machine.Quit(machine.HostQMPQuit) },
		Commit: func() { vm.human.Command(nil, "commit all", nil) },
	}
	if vm.cfg.Escape != nil {
		t.Escape, t.HasEscape = *vm.cfg.Escape, true
	}
	return t
}

func (vm *VM) openChardev(c config.Chardev) error {
	id := c.ID
	if c.Mux {
		id += "-base"
	}
	o, err := commands.ChardevOptions(c)
	if err != nil {
		return err
	}
	if err := vm.addChardev(id, o, c.Socket != nil && c.Socket.Wait); err != nil || !c.Mux {
		return err
	}
	return vm.addChardev(c.ID, chardev.Options{Kind: "mux", Base: id}, false)
}

func (vm *VM) addChardev(id string, o chardev.Options, wait bool) error {
	set := vm.Machine.Characters
	var b chardev.Backend
	var err error
	vm.Machine.Do(func() { o, err = set.Prepare(o) })
	if err != nil {
		return err
	}
	if o.Kind == "mux" || o.Kind == "hub" {
		vm.Machine.Do(func() { b, err = set.Open(context.Background(), o) })
	} else {
		b, err = set.Open(context.Background(), o)
	}
	if err != nil {
		return err
	}
	if s, ok := b.(*chardev.Socket); ok && wait && vm.opts.Wait != nil {
		vm.log.Warn("waiting for connection", "filename", s.Filename())
		if err := s.WaitFirst(vm.opts.Wait); err != nil {
			b.Close()
			return err
		}
	}
	if p, ok := b.(*chardev.PTY); ok && vm.opts.Redirected != nil {
		vm.opts.Redirected(id, p.Slave())
	}
	vm.Machine.Do(func() { _, err = set.Add(id, b, o) })
	return err
}
