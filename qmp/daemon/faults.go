package daemon

import (
	"net"
	"slices"

	"github.com/qomd/qomd/qmp"
)

// crashStatus is the exit status of a process that aborts: 128 and SIGABRT.
const crashStatus = 134

// faulty wraps a monitor's connection where faults can be armed; nil means that
// the client is hung up on.
func (vm *VM) faulty(conn net.Conn, monitor string) (wrapped net.Conn, over func()) {
	if !vm.Machine.HasFaults() {
		return conn, func() {}
	}
	vm.faultyMu.Lock()
	defer vm.faultyMu.Unlock()
	if n := vm.Machine.MonitorFaults().Backlog; vm.crashed || n > 0 && uint64(len(vm.faultyConns)) >= n {
		conn.Close()
		return nil, nil
	}
	c := newFaultyConn(conn, vm, monitor)
	vm.faultyConns = append(vm.faultyConns, c)
	return c, func() {
		vm.faultyMu.Lock()
		defer vm.faultyMu.Unlock()
		if i := slices.Index(vm.faultyConns, c); i >= 0 {
			vm.faultyConns = slices.Delete(vm.faultyConns, i, i+1)
		}
	}
}

// crashAfter ends the machine as an abort would, without an answer or an event,
// if that is armed for the command that just ran. The machine's lock is held.
func (vm *VM) crashAfter(call *qmp.Call) {
	if call.Command == nil || !vm.Machine.HasFaults() || vm.Machine.MonitorFaults().CrashOn != call.Command.Name {
		return
	}
	vm.faultyMu.Lock()
	vm.crashed = true
	for _, c := range vm.faultyConns {
		c.abort()
	}
	vm.faultyMu.Unlock()
	vm.log.Error("the machine crashes, as armed", "command", call.Command.Name)
	vm.exit(crashStatus)
}
