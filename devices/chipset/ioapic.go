package chipset

import (
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/vmstate"
)

// ioapic is the I/O APIC.
type ioapic struct {
	wired
	chip   intc.IOAPIC
	in     pins
	counts lineCounts
}

func (a *ioapic) attach(b *Board, of *part) {
	a.wired.attach(b, of)
	b.ioapic = a
	a.chip.Send = func(addr uint64, data uint32) {
		if m := b.opts.Messages; m != nil {
			m.Write(addr-intc.MessageAddress, 4, uint64(data))
		}
	}
	a.chip.External = func() uint8 { return b.pics[0].chip.Vector(&b.pics[1].chip) }
	a.chip.Reset()
}

// SetInput implements [InterruptInputs].
func (a *ioapic) SetInput(n int, level bool) {
	if n >= intc.Pins {
		return
	}
	a.in.set(n, level)
	a.counts.set(n, level)
	a.chip.SetInput(n, level)
}

// WatchInputs implements [InterruptInputs].
func (a *ioapic) WatchInputs(f func(input int, level bool)) {
	a.board.watchTimer()
	a.in.watch(f)
}

// Reset implements [qdev.Resetter].
func (a *ioapic) Reset() { a.chip.Reset() }

func (a *ioapic) registers(string) (memory.Ops, *memory.Rules) { return ioapicPorts{a}, &anyRules }

// anyRules are those of regions that nobody restricts.
var anyRules memory.Rules

type ioapicPorts struct{ *ioapic }

func (a ioapicPorts) Read(addr uint64, size int) uint64 {
	a.board.lookAtTimer()
	return a.chip.Read(addr, size)
}

func (a ioapicPorts) Write(addr uint64, size int, val uint64) {
	a.board.lookAtTimer()
	a.chip.Write(addr, size, val)
}

// VMState implements [vmstate.Stater].
func (a *ioapic) VMState(f *vmstate.Fields) {
	a.wired.VMState(f)
	a.chip.VMState(f)
}

// InterruptText is what HMP's "info pic" says of it.
func (a *ioapic) InterruptText() string {
	a.board.lookAtTimer()
	return a.chip.String()
}

// InterruptCounts is how often each input rose.
func (a *ioapic) InterruptCounts() []uint64 {
	a.board.lookAtTimer()
	return a.counts.rose[:]
}
