package daemon

import "github.com/qomd/qomd/qmp/qjson"

// addTPMs makes the TPM back ends of the description. It may block, so the
// machine's lock is not held.
func (vm *VM) addTPMs() error {
	for _, o := range vm.cfg.TPMs {
		given := o.Options
		if given == nil {
			given = qjson.NewObject()
		}
		if err := vm.Machine.TPM.Add(o.ID, given); err != nil {
			return &Error{o.Origin, err}
		}
	}
	return nil
}

// startTPM waits for the TPM's start, and gives it the state of -loadvm.
func (vm *VM) startTPM() error {
	err := vm.Machine.TPM.Wait()
	if err == nil && vm.cfg.LoadVM != "" {
		err = vm.Machine.TPM.Install()
	}
	if err != nil {
		return &Error{Err: err}
	}
	return nil
}
