package qmptest

// Out writes size bytes of v to an I/O port, as a processor does.
func (m *Machine) Out(port uint64, size int, v uint64) {
	m.VM.Machine.Do(func() { m.VM.Machine.IOSpace().WriteN(port, size, v) })
}

// In reads size bytes from an I/O port likewise.
func (m *Machine) In(port uint64, size int) (v uint64) {
	m.VM.Machine.Do(func() { v, _ = m.VM.Machine.IOSpace().ReadN(port, size) })
	return v
}
