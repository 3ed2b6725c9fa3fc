package daemon

import "github.com/qomd/qomd/config"

// addNUMA describes the NUMA nodes of the configuration.
func (vm *VM) addNUMA() error {
	for _, o := range vm.cfg.NUMA {
		args, err := config.NUMAArguments(o.Options)
		if err == nil {
			err = vm.Machine.SetNUMA(args)
		}
		if err != nil {
			return &Error{o.Origin, err}
		}
	}
	return nil
}
