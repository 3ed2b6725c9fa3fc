package daemon

import (
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// lateEvent is an event that waits to be sent.
type lateEvent struct {
	name string
	data any
}

// maxGraces is how many graces an event is kept for at most.
const maxGraces = 12

// delayed keeps an event back for the time of Options.Grace, longer while Options.Busy, if it is
// DEVICE_DELETED or would overtake one. Nobody can see the difference but by the
// clock: what is kept is sent before the next command runs. The machine's lock
// is held.
func (vm *VM) delayed(name string, data any) bool {
	if vm.opts.Grace == 0 || name != "DEVICE_DELETED" && len(vm.late) == 0 {
		return false
	}
	if data != nil {
		data = qjson.Raw(qjson.Append(nil, data, false)) // as it is now
	}
	if vm.late = append(vm.late, lateEvent{name, data}); len(vm.late) > 1 {
		return true
	}
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
		vm.Machine.Do(vm.sendLate)
	})
	return true
}

// sendLate sends what was kept back. The machine's lock is held.
func (vm *VM) sendLate() {
	late := vm.late
	vm.late = nil
	for _, e := range late {
		vm.server.Emit(e.name, e.data)
	}
}
