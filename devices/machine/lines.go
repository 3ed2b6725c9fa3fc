package machine

// WatchInterrupts tells f of every change of an input of the I/O APIC from now
// on, under the machine's lock; nil ends that. It reports false on a machine
// that has none.
func (m *Machine) WatchInterrupts(f func(input int, level bool)) bool {
	if m.board == nil {
		return false
	}
	m.board.WatchLines(f)
	return true
}

// DriveInterrupt asserts or releases an input of the I/O APIC from outside.
func (m *Machine) DriveInterrupt(input int, level bool) {
	if m.board != nil {
		m.board.DriveLine(input, level)
	}
}
