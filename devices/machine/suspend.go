package machine

import (
	"errors"

	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/guest"
)

// sleep is told that the guest asked for a sleep state, ACPI 6.5 section 7.4.
// It takes effect when the access that asked for it is over.
func (m *Machine) sleep(s acpi.Sleep) {
	switch s {
	case acpi.SleepOff:
		m.Shutdown(GuestShutdown)
	case acpi.SleepSuspend:
		if m.state == Running {
			m.state = Suspended
			m.emit("SUSPEND", nil)
		}
	case acpi.SleepDisk:
		m.emit("SUSPEND_DISK", nil)
		m.Shutdown(GuestShutdown)
	}
}

// CanSuspend reports whether the machine has a sleep that it can wake up from.
func (m *Machine) CanSuspend() bool { return m.IsPC() && m.hasACPI() || m.IsQ35() }

// Wakeup ends the sleep of a suspended guest, which finds in its registers that
// it woke up. While such a machine is stopped it cannot wake up.
func (m *Machine) Wakeup() error {
	switch {
	case !m.CanSuspend():
		return errors.New("wake-up from suspend is not supported by this guest")
	case m.state != Suspended:
		return errors.New("Unable to wake up: guest is not in suspended state")
	}
	m.state = Running
	m.board.Wake()
	m.emit("WAKEUP", nil)
	m.tellGuest(guest.Resumed)
	return nil
}
