package machine

import (
	"time"

	"github.com/qomd/qomd/devices/dirtyrate"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// newDirtyRate makes the meter of a new machine. It measures by the host's
// clock, however the machine's own goes, as QEMU does.
func (m *Machine) newDirtyRate() {
	m.DirtyRate = dirtyrate.New(dirtyrate.Host{
		After: func(d time.Duration, f func()) qdev.Timer { return time.AfterFunc(d, func() { m.Do(f) }) },
		Now:   time.Now,
		Regions: func() []*memory.Region {
			var list []*memory.Region
			for _, b := range (mover{m}).Blocks() {
				list = append(list, b.Region)
			}
			return list
		},
	})
}
