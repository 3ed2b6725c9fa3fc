package daemon

import (
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/commands"
)

func (vm *VM) tracer() commands.Tracer { return commands.Tracer{Tracer: &vm.Machine.Trace} }

// trace turns on what the description says, before the machine is made.
func (vm *VM) trace(set *qmp.CommandSet) error {
	if vm.cfg.LogFile != "" {
		if err := vm.Machine.Trace.LogTo(vm.cfg.LogFile); err != nil {
			return err
		}
	}
	for _, pattern := range vm.cfg.Trace {
		// A point of a command that is not there is none.
		_ = commands.SwitchTrace(vm.Machine, set, pattern, true)
	}
	return nil
}
