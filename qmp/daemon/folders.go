package daemon

// addFolders makes the folders that are shared with the guest.
func (vm *VM) addFolders() error {
	for _, o := range vm.cfg.Fsdevs {
		if err := vm.Machine.Folders.Add(o.ID, o.Options); err != nil {
			return &Error{o.Origin, err}
		}
	}
	return nil
}
