package daemon

import (
	"fmt"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/qmp/qjson"
)

// receive opens the door for the migration that the description speaks of,
// under the machine's lock. With "defer" a command will say where it is.
func (vm *VM) receive() error {
	if vm.cfg.Incoming == "" || vm.cfg.Incoming == "defer" {
		return nil
	}
	from, err := vm.source()
	if err == nil {
		err = vm.Machine.Migration.Receive(from)
	}
	if err != nil {
		return fmt.Errorf("-incoming %s: %w", vm.cfg.Incoming, err)
	}
	return nil
}

// loadSnapshot makes the machine what a snapshot has, under its lock.
func (vm *VM) loadSnapshot() error {
	if err := vm.Machine.Ready(false); err != nil {
		return err
	}
	if err := vm.Machine.Snapshots.Load(machine.SnapshotOptions{Name: vm.cfg.LoadVM}, true); err != nil {
		return err
	}
	if vm.cfg.Paused {
		return nil
	}
	return vm.Machine.Cont()
}

// source is where the migration comes from.
func (vm *VM) source() (migration.Address, error) {
	if vm.cfg.IncomingChannel == nil {
		return migration.ParseURI(vm.cfg.Incoming)
	}
	var c migration.Channel
	if err := qjson.Unmarshal(vm.cfg.IncomingChannel, &c); err != nil {
		return migration.Address{}, err
	}
	return migration.Where(nil, []migration.Channel{c})
}
