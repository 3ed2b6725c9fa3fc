package daemon

import (
	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
)

// populate makes the objects and devices of the description, in its order,
// under the machine's lock.
func (vm *VM) populate() error {
	for _, o := range vm.cfg.Objects {
		if err := vm.addObject(o); err != nil {
			return &Error{o.Origin, err}
		}
	}
	if err := vm.openBlocks(); err != nil {
		return err
	}
	return vm.addDevices(vm.cfg.Devices, nil)
}

func (vm *VM) addObject(o config.Object) error {
	r := object.Request{Type: o.Type, ID: o.ID, Props: o.Options, Text: !o.FromJSON}
	if r.Props == nil {
		r.Props = qjson.NewObject()
	}
	_, err := object.Add(vm.Machine.Env(), r)
	return err
}

// addDevices plugs devices; those nested in another go to its first bus unless
// they name one.
func (vm *VM) addDevices(list []config.Device, parent *qdev.Device) error {
	for _, d := range list {
		r := qdev.Request{
			Driver: d.Driver, ID: d.ID, HasID: d.ID != "", Bus: d.Bus, HasBus: d.Bus != "",
			Props: d.Options, Text: !d.FromJSON,
		}
		if r.Props == nil {
			r.Props = qjson.NewObject()
		}
		if !r.HasBus && parent != nil && len(parent.Buses()) > 0 {
			r.Bus, r.HasBus = parent.Buses()[0].BusName(), true
		}
		dev, err := qdev.Add(vm.Machine.Env(), r)
		if err != nil {
			return &Error{d.Origin, err}
		}
		if err := vm.addDevices(d.Devices, dev); err != nil {
			return err
		}
	}
	return nil
}
