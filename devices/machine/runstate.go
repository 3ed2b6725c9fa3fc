package machine

import (
	"errors"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/trace"
)

// RunState is what query-status calls status; QEMU's RunState.
type RunState string

// The run states a machine without a guest CPU can be in.
const (
	Prelaunch     RunState = "prelaunch"
	Running       RunState = "running"
	Paused        RunState = "paused"
	ShutDown      RunState = "shutdown"
	Preconfig     RunState = "preconfig"
	InMigrate     RunState = "inmigrate"
	PostMigrate   RunState = "postmigrate"
	RestoreVM     RunState = "restore-vm"
	SaveVM        RunState = "save-vm"
	Suspended     RunState = "suspended" // the guest sleeps, time passes
	Debug         RunState = "debug"
	InternalErr   RunState = "internal-error"
	IOError       RunState = "io-error"
	COLO          RunState = "colo"
	Panicked      RunState = "guest-panicked"
	FinishMigrate RunState = "finish-migrate"
	Watchdog      RunState = "watchdog"
)

// Cause is why a machine resets or shuts down; QEMU's ShutdownCause. The guest
// is to blame for those that begin with "guest-".
type Cause string

// Causes of a reset or shutdown.
const (
	HostQMPQuit        Cause = "host-qmp-quit"
	HostQMPSystemReset Cause = "host-qmp-system-reset"
	HostSignal         Cause = "host-signal"
	HostUI             Cause = "host-ui"
	GuestShutdown      Cause = "guest-shutdown"
	GuestReset         Cause = "guest-reset"
	GuestPanic         Cause = "guest-panic"
)

func (c Cause) byGuest() bool { return len(c) > 6 && c[:6] == "guest-" }

// causeData is the data of RESET and SHUTDOWN.
type causeData struct {
	Guest  bool  `json:"guest"`
	Reason Cause `json:"reason"`
}

// State returns the run state.
func (m *Machine) State() RunState { return m.state }

// Running reports whether virtual time passes.
func (m *Machine) Running() bool { return m.state == Running }

// Stop pauses the machine; on one that is not running nothing happens.
func (m *Machine) Stop() {
	m.startWhenIn = false
	m.stopAs(Paused)
}

func (m *Machine) stopAs(state RunState) {
	if m.state != Running && m.state != Suspended {
		return
	}
	m.sleeping = m.state == Suspended
	m.clock.stop()
	m.setState(state)
	m.emit("STOP", nil)
	m.Jobs.Pulse()
}

// errNotFinal is QEMU's text for cont while a migration is between two machines.
var errNotFinal = errors.New("Migration is not finalized yet")

// errNeedsReset is QEMU's text for cont after a shutdown.
var errNeedsReset = errors.New("Resetting the Virtual Machine is required")

// Cont lets the machine run; on one that is running nothing happens.
func (m *Machine) Cont() error {
	switch m.state {
	case Suspended:
		return nil
	case ShutDown:
		return errNeedsReset
	case InMigrate:
		m.startWhenIn = true
		return nil
	case FinishMigrate:
		return errNotFinal
	}
	// Somebody may have let the images go.
	if err := m.Blocks.SetActive("", true); err != nil || m.state == Running {
		return err
	}
	m.start()
	return nil
}

// Powerdown asks the guest to power off, as a press of the power button does.
func (m *Machine) Powerdown() {
	if m.Trace.On(trace.Powerdown) {
		m.Trace.Printf(trace.Powerdown, "")
	}
	m.emit("POWERDOWN", nil)
	if m.board != nil {
		m.board.PressPowerButton()
	}
	m.tellGuest(guest.PowerButton)
}

// SystemReset resets the machine, or ends it where -no-reboot says so.
func (m *Machine) SystemReset(cause Cause) {
	if m.actions.Reboot == ActionShutdown {
		m.Shutdown(cause)
		return
	}
	m.coldReset()
	m.emit("RESET", causeData{cause.byGuest(), cause})
	m.sleeping = false
	if m.state == Suspended {
		m.clock.stop()
	}
	switch m.state {
	case Running, InMigrate, FinishMigrate, Preconfig:
	default:
		m.setState(Prelaunch)
	}
	m.tellGuest(guest.WasReset)
}

// coldReset makes everything as it was when the power came.
func (m *Machine) coldReset() {
	m.env.ColdReset()
	m.firmwareRan = false
}

// Shutdown ends the machine, or with -no-shutdown stops it for good.
func (m *Machine) Shutdown(cause Cause) {
	m.emit("SHUTDOWN", causeData{cause.byGuest(), cause})
	if m.actions.Shutdown == ActionPause {
		if m.state == Running || m.state == Suspended {
			m.stopAs(ShutDown)
		} else {
			m.setState(ShutDown)
		}
		return
	}
	m.exit(0)
}

// Quit ends the machine whatever its options say.
func (m *Machine) Quit(cause Cause) {
	m.emit("SHUTDOWN", causeData{cause.byGuest(), cause})
	m.exit(0)
}

func (m *Machine) exit(status int) {
	if m.exiting {
		return
	}
	m.exiting = true
	m.Jobs.End()
	if m.OnExit != nil {
		m.OnExit(status)
	}
}

// Exiting reports whether the machine has ended: no further command is served.
func (m *Machine) Exiting() bool { return m.exiting }
