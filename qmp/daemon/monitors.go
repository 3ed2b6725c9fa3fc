package daemon

import (
	"fmt"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/qtest"
)

// attachMonitors attaches the monitors of the description to their character
// devices. They serve nobody until the machine is complete. The machine's lock
// is held.
func (vm *VM) attachMonitors() error {
	for _, m := range vm.cfg.Monitors {
		if err := vm.attachMonitor(m); err != nil {
			return &Error{m.Origin, err}
		}
	}
	if id := vm.cfg.QTest; id != "" {
		if err := vm.attachQTest(id); err != nil {
			return &Error{config.Origin{Option: "-qtest"}, err}
		}
	}
	return nil
}

// attachMonitor makes a monitor the way object-add does. QEMU before 11.1 has
// no such objects, and the monitor has none then.
func (vm *VM) attachMonitor(m config.Monitor) error {
	id := m.ID
	if id == "" {
		id = m.Chardev
	}
	control := m.Mode == config.Control
	typ := "monitor-hmp"
	if control {
		typ = "monitor-qmp"
	}
	if vm.Machine.Tree().Types.Class(typ) == nil {
		return vm.Machine.Characters.Monitor(nil, chardev.Monitor{
			ID: id, Chardev: m.Chardev, Control: control, Pretty: m.Pretty,
		})
	}
	props := qjson.NewObject(qjson.Member{Name: "chardev", Value: m.Chardev})
	if control && m.Pretty {
		props.Set("pretty", true)
	}
	if control && m.CloseAction != "" {
		props.Set("close-action", m.CloseAction)
	}
	if !control && m.NoReadline {
		props.Set("readline", false)
	}
	_, err := object.Add(vm.Machine.Env(), object.Request{Type: typ, ID: id, Props: props})
	return err
}

// attachQTest attaches the server of the register protocol.
func (vm *VM) attachQTest(id string) error {
	c := vm.Machine.Characters.Find(id)
	if c == nil {
		return fmt.Errorf("chardev \"%s\" not found", id)
	}
	vm.qtest = qtest.New(vm.Machine, vm.log)
	return c.Connect(&chardev.Frontend{Who: "qtest", Stream: vm.onceReady(vm.qtest.ServeConn)})
}
