package daemon

import (
	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/qom"
)

// reportLeaks logs what somebody still holds when the machine is gone, with who
// that is. A machine that was never complete, because its description is wrong,
// goes as it is; that is no leak.
func (vm *VM) reportLeaks(leaks []*qom.Storage) {
	if len(leaks) == 0 || !vm.started {
		return
	}
	vm.Machine.Do(func() {
		for _, s := range lifetime.All(vm.Machine.Tree()) {
			vm.log.Warn("storage still held at exit", "type", s.Type, "path", s.Path, "generation", s.Generation,
				"cycle", s.Cycle, "holders", s.Holders())
		}
	})
}
