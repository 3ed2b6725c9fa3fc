package daemon

import (
	"time"

	"github.com/qomd/qomd/devices/machine"
)

// now returns the clock of events' timestamps, nil for the host's. A machine
// that was asked for a clock of its own shows that: the time it has been
// running. The clock of -accel qtest does not count, as in QEMU.
func (vm *VM) now() func() time.Time {
	switch {
	case vm.opts.Now != nil:
		return vm.opts.Now
	case vm.cfg.Clock == "" || vm.cfg.Clock == string(machine.RealTime):
		return nil
	}
	return func() time.Time { return time.Unix(0, vm.Machine.Now()) }
}

// afterFunc returns the timer of events that are limited to one in a while, nil
// for the host's: a virtual clock is used where the machine has one, as in QEMU.
func (vm *VM) afterFunc() func(d time.Duration, f func()) (stop func() bool) {
	if vm.Machine.ClockMode() == machine.RealTime {
		return nil
	}
	return func(d time.Duration, f func()) func() bool {
		return vm.Machine.AfterFunc(d, func() { vm.Machine.Afterwards(f) })
	}
}
