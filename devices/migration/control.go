package migration

import (
	"errors"
	"fmt"
)

// errInterrupted is what query-migrate tells of a migration that was cancelled
// while it waited for its user.
var errInterrupted = errors.New("Switchover is interrupted")

// Cancel ends a migration; where none is going on nothing happens.
func (m *Migration) Cancel() error {
	switch {
	case !m.Busy(), m.out.status == Cancelling:
		return nil
	case m.out.status.postcopy():
		return errors.New("Postcopy migration in progress, cannot cancel.")
	}
	m.out.set(Cancelling)
	m.setMoves(true)
	m.out.cancel()
	m.Yank()
	return nil
}

// Continue lets a migration that waits at a status go on from there.
func (m *Migration) Continue(at Status) error {
	if now := m.Status(); now != at {
		return fmt.Errorf("Migration not in expected state: %s", now)
	}
	if m.out != nil && at == PreSwitchover {
		m.out.goOn = true
		m.setMoves(true)
		m.out.poke()
	}
	return nil
}

// StartPostcopy lets the memory that is still to come follow the state.
func (m *Migration) StartPostcopy() error {
	switch {
	case !m.Has("postcopy-ram"):
		return errors.New("Enable postcopy with migrate_set_capability before the start of migration")
	case m.Status() == None:
		return errors.New("Postcopy must be started after migration has been started")
	}
	m.out.late = true
	m.out.poke()
	return nil
}

// poke wakes the goroutine up.
func (o *outgoing) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
