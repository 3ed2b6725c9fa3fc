package machine

import "github.com/qomd/qomd/qom"

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

// WatchOutputs tells f of every change of the named interrupt outputs of a
// device from now on, under the machine's lock. Those of the ISA bridge are
// modelled; it reports false for others.
func (m *Machine) WatchOutputs(device *qom.Object, name string, f func(output int, level bool)) bool {
	if m.board == nil {
		return false
	}
	bridge, outputs := m.board.BridgeOutputs()
	if bridge == nil || device != &bridge.Object || name != outputs {
		return false
	}
	m.board.WatchOutputs(f)
	return true
}

// DriveInterrupt asserts or releases an input of the I/O APIC from outside.
func (m *Machine) DriveInterrupt(input int, level bool) {
	if m.board != nil {
		m.board.DriveLine(input, level)
	}
}
