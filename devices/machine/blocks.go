package machine

import "github.com/qomd/qomd/devices/block"

// newBlocks makes the block layer of a new machine.
func (m *Machine) newBlocks() {
	m.Blocks = block.New(block.Options{Env: m.env, Do: m.Do, Log: m.log})
	m.FindDrive = m.Blocks.Drive
}

// endRequests ends the block requests that wait for time to pass, and waits for
// those that run. It takes the machine's lock itself.
func (m *Machine) endRequests() {
	m.Do(m.Blocks.Cancel)
	m.Blocks.Wait()
}
