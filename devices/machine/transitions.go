package machine

import "slices"

// transitions are the run states that may follow each, as in QEMU's
// runstate.c. Besides, one that stands still can shut down: somebody outside
// drives the registers.
var transitions = map[RunState][]RunState{
	Preconfig:     {Prelaunch, InMigrate},
	Debug:         {ShutDown, Running, FinishMigrate, Prelaunch},
	InMigrate:     {InternalErr, IOError, Paused, Running, ShutDown, Suspended, Watchdog, Panicked, FinishMigrate, Prelaunch, PostMigrate, COLO},
	InternalErr:   {Paused, FinishMigrate, Prelaunch},
	IOError:       {ShutDown, Running, FinishMigrate, Prelaunch},
	Paused:        {Suspended, ShutDown, Running, FinishMigrate, PostMigrate, Prelaunch, COLO},
	PostMigrate:   {Suspended, ShutDown, Running, FinishMigrate, Prelaunch},
	Prelaunch:     {Running, FinishMigrate, InMigrate, Suspended, Paused, ShutDown},
	FinishMigrate: {Running, Paused, PostMigrate, Prelaunch, COLO, InternalErr, IOError, ShutDown, Suspended, Watchdog, Panicked, Debug},
	RestoreVM:     {Running, Prelaunch, Paused, Suspended},
	COLO:          {Running, Prelaunch, ShutDown},
	Running:       {Debug, InternalErr, IOError, Paused, FinishMigrate, RestoreVM, SaveVM, ShutDown, Watchdog, Panicked, COLO, Suspended},
	SaveVM:        {Running, Suspended, Paused, Prelaunch},
	ShutDown:      {Paused, FinishMigrate, Prelaunch, COLO},
	Suspended:     {Running, Paused, FinishMigrate, Prelaunch, COLO, SaveVM, RestoreVM, ShutDown},
	Watchdog:      {ShutDown, Running, FinishMigrate, Prelaunch, COLO},
	Panicked:      {ShutDown, Running, FinishMigrate, Prelaunch},
}

// setState changes the run state. A transition that QEMU does not have is a
// mistake of the program: it is logged, and made all the same.
func (m *Machine) setState(next RunState) {
	if m.state != next && !slices.Contains(transitions[m.state], next) {
		m.log.Error("invalid runstate transition", "from", string(m.state), "to", string(next))
	}
	m.traceState(next)
	ran := m.Running()
	m.state = next
	if ran && !m.Running() {
		for _, f := range m.stopped {
			f(next)
		}
	}
}

// WhenStopped has f called, under the lock, whenever a running machine stops.
func (m *Machine) WhenStopped(f func(RunState)) { m.stopped = append(m.stopped, f) }

// transferable reports whether a machine can be at that state when it is handed
// over.
func (s RunState) transferable() bool {
	return s == Running || slices.Contains(transitions[FinishMigrate], s) && s != PostMigrate
}
