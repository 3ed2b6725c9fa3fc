package machine

import (
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/qom"
)

// WatchInputs tells f of every change of a device's interrupt inputs from now
// on, under the machine's lock. It reports false for devices whose inputs never
// change.
func (m *Machine) WatchInputs(device *qom.Object, f func(input int, level bool)) bool {
	d, ok := device.Self().(chipset.InterruptInputs)
	if ok {
		d.WatchInputs(f)
	}
	return ok
}

// WatchOutputs is WatchInputs for the outputs of a name.
func (m *Machine) WatchOutputs(device *qom.Object, name string, f func(output int, level bool)) bool {
	d, ok := device.Self().(chipset.InterruptOutputs)
	return ok && d.WatchOutputs(name, f)
}

// DriveInput drives an interrupt input of a device, where it has any that work.
func (m *Machine) DriveInput(device *qom.Object, input int, level bool) {
	if d, ok := device.Self().(chipset.InterruptInputs); ok {
		d.SetInput(input, level)
	}
}
