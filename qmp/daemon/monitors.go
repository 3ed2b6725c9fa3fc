package daemon

import (
	"fmt"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qtest"
)

// serveMonitors attaches the monitors of the description to their character
// devices; sockets that nobody uses are drained.
func (vm *VM) serveMonitors() error {
	for _, m := range vm.cfg.Monitors {
		if err := vm.serveMonitor(m); err != nil {
			return &Error{m.Origin, err}
		}
	}
	if id := vm.cfg.QTest; id != "" {
		if err := vm.serveQTest(id); err != nil {
			return &Error{config.Origin{Option: "-qtest"}, err}
		}
	}
	for _, c := range vm.chardevs {
		if s, ok := c.Backend().(*chardev.Socket); ok && c.Frontend() == "" {
			s.Drain()
		}
	}
	return nil
}

func (vm *VM) serveMonitor(m config.Monitor) error {
	c := vm.chardev(m.Chardev)
	if c == nil {
		return fmt.Errorf("chardev \"%s\" not found", m.Chardev)
	}
	id := m.ID
	if id == "" {
		id = m.Chardev
	}
	var err error
	vm.Machine.Do(func() {
		if err = c.Attach("monitor " + id); err == nil {
			err = vm.Machine.AddMonitor(machine.Monitor{
				ID: id, Chardev: m.Chardev, Control: m.Mode == "control", Pretty: m.Pretty, CloseAction: m.CloseAction,
			})
		}
	})
	if err != nil {
		return err
	}
	s, ok := c.Backend().(*chardev.Socket)
	if !ok {
		return nil // nobody can ever connect to the others
	}
	if m.Mode == "control" {
		vm.ServeSocket(s, qmp.Monitor{Name: id, Pretty: m.Pretty})
		return nil
	}
	vm.serving.Go(func() { s.Serve(vm.ctx, vm.human.ServeConn) })
	return nil
}

// serveQTest serves the register protocol on a character device.
func (vm *VM) serveQTest(id string) error {
	c := vm.chardev(id)
	if c == nil {
		return fmt.Errorf("chardev \"%s\" not found", id)
	}
	s, ok := c.Backend().(*chardev.Socket)
	if !ok {
		return fmt.Errorf("chardev \"%s\" is not a socket", id)
	}
	var err error
	vm.Machine.Do(func() { err = c.Attach("qtest") })
	if err != nil {
		return err
	}
	server := qtest.New(vm.Machine, vm.log)
	vm.serving.Go(func() { s.Serve(vm.ctx, server.ServeConn) })
	return nil
}
