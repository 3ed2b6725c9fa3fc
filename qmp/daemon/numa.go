package daemon

import (
	"github.com/qomd/qomd/qmp/qjson"
)

// addNUMA describes the NUMA nodes of the configuration.
func (vm *VM) addNUMA() error {
	for _, o := range vm.cfg.NUMA {
		values := o.Options
		if values == nil {
			values = qjson.NewObject()
		}
		args, err := vm.written().NUMA(values)
		if err == nil {
			err = vm.Machine.SetNUMA(args)
		}
		if err != nil {
			return &Error{o.Origin, err}
		}
	}
	return nil
}
