package machine

import (
	"slices"

	"github.com/qomd/qomd/devices/trace"
)

// numbered are the run states in the order of QEMU's numbers.
var numbered = []RunState{
	Debug, InMigrate, InternalErr, IOError, Paused, PostMigrate, Prelaunch, FinishMigrate, RestoreVM, Running, SaveVM,
	ShutDown, Suspended, Watchdog, Panicked, COLO,
}

// traceState writes the lines of a change of state.
func (m *Machine) traceState(next RunState) {
	to := slices.Index(numbered, next)
	if m.Trace.On(trace.RunstateSet) {
		m.Trace.Printf(trace.RunstateSet, "current_run_state %d (%s) new_state %d (%s)", slices.Index(numbered, m.state), m.state, to, next)
	}
	if runs := next == Running; runs != (m.state == Running) && m.Trace.On(trace.VMStateNotify) {
		running := 0
		if runs {
			running = 1
		}
		m.Trace.Printf(trace.VMStateNotify, "running %d reason %d (%s)", running, to, next)
	}
}
