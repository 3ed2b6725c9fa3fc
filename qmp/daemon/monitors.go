package daemon

import (
	"fmt"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qtest"
)

// attachMonitors attaches the monitors of the description to their character
// devices and returns what starts to serve them: that has to wait until the
// machine is complete. Sockets that nobody uses will be drained.
func (vm *VM) attachMonitors() (serve []func(), err error) {
	for _, m := range vm.cfg.Monitors {
		start, err := vm.attachMonitor(m)
		if err != nil {
			return nil, &Error{m.Origin, err}
		}
		serve = append(serve, start)
	}
	if id := vm.cfg.QTest; id != "" {
		start, err := vm.attachQTest(id)
		if err != nil {
			return nil, &Error{config.Origin{Option: "-qtest"}, err}
		}
		serve = append(serve, start)
	}
	for _, c := range vm.chardevs {
		if s, ok := c.Backend().(*chardev.Socket); ok && c.Frontend() == "" {
			serve = append(serve, s.Drain)
		}
	}
	return serve, nil
}

func (vm *VM) attachMonitor(m config.Monitor) (serve func(), err error) {
	c := vm.chardev(m.Chardev)
	if c == nil {
		return nil, fmt.Errorf("chardev \"%s\" not found", m.Chardev)
	}
	id := m.ID
	if id == "" {
		id = m.Chardev
	}
	vm.Machine.Do(func() {
		if err = c.Attach("monitor " + id); err == nil {
			err = vm.Machine.AddMonitor(machine.Monitor{
				ID: id, Chardev: m.Chardev, Control: m.Mode == "control", Pretty: m.Pretty, CloseAction: m.CloseAction,
			})
		}
	})
	if err != nil {
		return nil, err
	}
	s, ok := c.Backend().(*chardev.Socket)
	if !ok {
		return func() {}, nil // nobody can ever connect to the others
	}
	if m.Mode == "control" {
		return func() { vm.ServeSocket(s, qmp.Monitor{Name: id, Pretty: m.Pretty}) }, nil
	}
	return func() {
		vm.serving.Go(func() { s.Serve(vm.ctx, vm.human.ServeConn) })
	}, nil
}

// attachQTest attaches the server of the register protocol.
func (vm *VM) attachQTest(id string) (serve func(), err error) {
	c := vm.chardev(id)
	if c == nil {
		return nil, fmt.Errorf("chardev \"%s\" not found", id)
	}
	s, ok := c.Backend().(*chardev.Socket)
	if !ok {
		return nil, fmt.Errorf("chardev \"%s\" is not a socket", id)
	}
	vm.Machine.Do(func() { err = c.Attach("qtest") })
	if err != nil {
		return nil, err
	}
	server := qtest.New(vm.Machine, vm.log)
	return func() {
		vm.serving.Go(func() { s.Serve(vm.ctx, server.ServeConn) })
	}, nil
}
