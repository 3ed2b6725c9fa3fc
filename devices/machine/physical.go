package machine

import (
	"errors"

	"github.com/qomd/qomd/devices/dump"
	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/memory"
)

// errClosed is what readers of memory get when the machine is taken down.
var errClosed = errors.New("the machine is gone")

// ReadMemory fills p with what the processors see at a physical address; what
// is not there reads as zeros.
func (m *Machine) ReadMemory(addr uint64, p []byte) (memory.Result, error) {
	if m.closed {
		return 0, errClosed
	}
	return m.memorySpace.Read(addr, p), nil
}

// RAMBlocks lists the stretches of physical memory that have RAM or ROM behind
// them, by address.
func (m *Machine) RAMBlocks() []dump.Block {
	var list []dump.Block
	for _, r := range m.memorySpace.Current().Ranges() {
		if k := r.Region.Kind(); k == memory.KindRAM || k == memory.KindROM {
			list = append(list, dump.Block{Addr: r.First, Size: r.Last - r.First + 1})
		}
	}
	return list
}

// DumpedCPUs lists the processors as a core file shows them.
func (m *Machine) DumpedCPUs() []dump.CPU {
	var list []dump.CPU
	for _, s := range m.processors {
		list = append(list, dump.CPU{Index: int(s.Index), Version: s.Processor().Signature()})
	}
	return list
}

// Background runs f on a goroutine of its own, which the machine waits for when
// it is closed. f takes the lock with [Machine.Do] and has to end early when
// [Machine.ReadMemory] fails.
func (m *Machine) Background(f func()) {
	m.async.Go(func() { guard.Run(m.log, "work in the background", func() error { f(); return nil }) })
}
