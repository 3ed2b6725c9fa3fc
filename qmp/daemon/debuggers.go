package daemon

// startDebuggers lets debuggers in.
func (vm *VM) startDebuggers() error {
	for _, d := range vm.cfg.Debuggers {
		if err := vm.human.Debugger().Start(d.Device); err != nil {
			return &Error{d.Origin, err}
		}
	}
	return nil
}
