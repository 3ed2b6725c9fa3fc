package daemon

import (
	"errors"
	"net"
	"slices"

	"github.com/qomd/qomd/qmp"
)

// crashStatus is the exit status of a process that aborts: 128 and SIGABRT.
const crashStatus = 134

// faulty wraps a monitor's connection where faults can be armed; nil means that
// the client is hung up on.
func (vm *VM) faulty(conn net.Conn, monitor string) net.Conn {
	if !vm.Machine.HasFaults() && !vm.mayCrash {
		return conn
	}
	vm.faultyMu.Lock()
	defer vm.faultyMu.Unlock()
	if n := vm.Machine.MonitorFaults().Backlog; vm.crashed || n > 0 && uint64(len(vm.faultyConns)) >= n {
		conn.Close()
		return nil
	}
	c := newFaultyConn(conn, vm, monitor)
	vm.faultyConns = append(vm.faultyConns, c)
	return c
}

// closed is told of a connection that is about to be closed.
func (vm *VM) closed(c *faultyConn) {
	vm.faultyMu.Lock()
	defer vm.faultyMu.Unlock()
	if i := slices.Index(vm.faultyConns, c); i >= 0 {
		vm.faultyConns = slices.Delete(vm.faultyConns, i, i+1)
	}
}

// errCrashed answers a command that nobody is told the answer of.
var errCrashed = errors.New("the machine crashed")

// crashOn ends the machine if that is armed for a command that is about to run.
// The machine's lock is held.
func (vm *VM) crashOn(c *qmp.Command) error {
	if !vm.Machine.HasFaults() || vm.Machine.MonitorFaults().CrashOn != c.Name {
		return nil
	}
	vm.crash("as armed for " + c.Name)
	return errCrashed
}

// crash ends the machine as an abort would, without an answer or an event. The
// machine's lock is held.
func (vm *VM) crash(why string) {
	vm.faultyMu.Lock()
	vm.crashed = true
	for _, conn := range vm.faultyConns {
		conn.abort()
	}
	vm.faultyMu.Unlock()
	vm.log.Error("the machine crashes: " + why)
	vm.exit(crashStatus)
}
