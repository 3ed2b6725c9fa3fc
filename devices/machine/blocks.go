package machine

import (
	"net"
	"time"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/devices/qdev"
)

// newBlocks makes the block layer of a new machine.
func (m *Machine) newBlocks() {
	m.Jobs = job.New(job.Options{Emit: m.env.Emit, Do: m.Do, After: m.afterAnyway, Log: m.log})
	m.Blocks = block.New(block.Options{Env: m.env, Jobs: m.Jobs, Do: m.Do, Log: m.log,
		Open:    m.Files.OpenFile,
		Listen:  func(o chardev.SocketOptions) (net.Listener, error) { return m.Characters.Listen(o) },
		Waiting: func() bool { return m.Migration.Receiving() }})
	m.FindDrive = m.Blocks.Drive
}

// afterAnyway calls f under the machine's lock once d has passed, be the machine
// stopped or not, as QEMU's jobs count time. A clock that does not follow the
// host's passes d in its own way.
func (m *Machine) afterAnyway(d time.Duration, f func()) qdev.Timer {
	if m.clock.mode != RealTime {
		return m.clock.AfterFunc(d, f)
	}
	return time.AfterFunc(d, func() { m.Do(f) })
}

// endRequests ends the jobs and the block requests that wait for time to pass,
// and waits for those that run. It takes the machine's lock itself.
func (m *Machine) endRequests() {
	m.Do(func() {
		m.Jobs.End()
		m.Blocks.Cancel()
	})
	m.Jobs.Wait()
	m.Blocks.Wait()
}
