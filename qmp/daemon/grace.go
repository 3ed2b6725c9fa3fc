package daemon

import (
	"slices"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// lateEvent is an event that waits to be sent.
type lateEvent struct {
	name string
	data any
}

// maxGraces is how many graces an event is kept for at most.
const maxGraces = 32

// unplugAnswers are the events that tell how a request for a device went.
var unplugAnswers = []string{"DEVICE_DELETED", "ACPI_DEVICE_OST", "DEVICE_UNPLUG_GUEST_ERROR", "MEM_UNPLUG_ERROR"}

// delayed keeps an event back for the time of Options.Grace, longer while
// Options.Busy, if it answers a request for a device or would overtake one that
// does. Nobody can see the difference but by the clock: what is kept is sent
// before the next command runs. The machine's lock is held.
func (vm *VM) delayed(name string, data any) bool {
	if vm.opts.Grace == 0 || !slices.Contains(unplugAnswers, name) && len(vm.late) == 0 {
		return false
	}
	if data != nil {
		data = qjson.Raw(qjson.Append(nil, data, false)) // as it is now
	}
	if vm.late = append(vm.late, lateEvent{name, data}); len(vm.late) > 1 {
		return true
	}
	sent := vm.sent
	vm.serving.Go(func() {
		t := time.NewTicker(vm.opts.Grace)
		defer t.Stop()
		for range maxGraces {
			select {
			case <-t.C:
			case <-vm.ctx.Done():
				return
			}
			if vm.opts.Busy == nil || !vm.opts.Busy() {
				break
			}
		}
		vm.Machine.Do(func() {
			if vm.sent == sent { // else a command was quicker, and what is kept now has a grace of its own
				vm.sendLate()
			}
		})
	})
	return true
}

// sendLate sends what was kept back. The machine's lock is held.
func (vm *VM) sendLate() {
	late := vm.late
	vm.late = nil
	vm.sent++
	for _, e := range late {
		vm.server.Emit(e.name, e.data)
	}
}
