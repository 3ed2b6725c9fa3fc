package chipset

import (
	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/vmstate"
)

// registers is a part with code: it says what is behind its regions, and how
// they may be accessed.
type registers interface {
	registers(region string) (memory.Ops, *memory.Rules)
}

// pic is one of the pair of 8259A.
type pic struct {
	wired
	chip    intc.PIC
	in, out pins
}

func (p *pic) attach(b *Board, of *part) {
	p.wired.attach(b, of)
	p.chip.Master = p.StoredBool("master")
	p.chip.ELCRMask = uint8(p.StoredUint("elcr_mask"))
	if p.chip.Master {
		b.pics[0] = p
	} else {
		b.pics[1] = p
	}
	p.chip.Output = p.output
}

// output is told of the output: the slave's is an input of the master.
func (p *pic) output(level bool) {
	p.out.set(0, level)
	if !p.chip.Master {
		p.board.pics[0].SetInput(2, level)
	}
}

// SetInput implements [InterruptInputs].
func (p *pic) SetInput(n int, level bool) {
	if n >= 8 {
		return
	}
	p.in.set(n, level)
	if line := n; p.chip.Master {
		p.board.isaCounts.set(line, level)
	} else {
		p.board.isaCounts.set(line+8, level)
	}
	p.chip.SetInput(n, level)
}

// WatchInputs implements [InterruptInputs].
func (p *pic) WatchInputs(f func(input int, level bool)) {
	p.board.watchTimer()
	p.in.watch(f)
}

// WatchOutputs implements [InterruptOutputs].
func (p *pic) WatchOutputs(name string, f func(output int, level bool)) bool {
	if name == unnamedOutputs {
		p.board.watchTimer()
	}
	return p.out.watchUnnamed(name, f)
}

// Reset implements [qdev.Resetter].
func (p *pic) Reset() {
	if p.board != nil {
		p.chip.Reset()
	}
}

func (p *pic) registers(region string) (memory.Ops, *memory.Rules) {
	if region == "elcr" {
		return elcrPort{p}, &acpi.ByteRules
	}
	return picPorts{p}, &acpi.ByteRules
}

type picPorts struct{ *pic }

func (p picPorts) Read(addr uint64, _ int) uint64 {
	p.board.lookAtTimer()
	return uint64(p.chip.Read(addr))
}

func (p picPorts) Write(addr uint64, _ int, val uint64) {
	p.board.lookAtTimer()
	p.chip.Write(addr, uint8(val))
}

type elcrPort struct{ *pic }

func (p elcrPort) Read(uint64, int) uint64           { return uint64(p.chip.ELCR) }
func (p elcrPort) Write(_ uint64, _ int, val uint64) { p.chip.WriteELCR(uint8(val)) }

// VMState implements [vmstate.Stater].
func (p *pic) VMState(f *vmstate.Fields) {
	p.wired.VMState(f)
	p.chip.VMState(f)
}

// InterruptText is what HMP's "info pic" says of it.
func (p *pic) InterruptText() string {
	p.board.lookAtTimer()
	return p.chip.String()
}

// InterruptCounts is how often each line rose; the master counts for both.
func (p *pic) InterruptCounts() []uint64 {
	if !p.chip.Master {
		return nil
	}
	p.board.lookAtTimer()
	return p.board.isaCounts.rose[:isaInputs]
}
