package machine

import "errors"

// WaitForConfiguration leaves the machine incomplete, as -preconfig does, until
// [Machine.ExitPreconfig] has complete make the rest and start it.
// It has its places for processors already.
func (m *Machine) WaitForConfiguration(complete func() error) {
	m.complete = complete
	if err := m.planProcessors(); err != nil {
		m.log.Warn("processors", "error", err) // and told again when the rest is made
	}
}

// Preconfig reports whether the machine is still to be completed.
func (m *Machine) Preconfig() bool { return m.complete != nil }

// ExitPreconfig completes the machine. When that fails there is no machine:
// as QEMU it ends with status 1.
func (m *Machine) ExitPreconfig() error {
	complete := m.complete
	if complete == nil {
		return errors.New("The command is permitted only before machine initialization")
	}
	m.complete = nil
	err := complete()
	if err != nil {
		m.log.Error("the machine cannot be completed", "error", err)
		m.exit(1)
	}
	return err
}
