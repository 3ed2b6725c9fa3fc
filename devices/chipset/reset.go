package chipset

import (
	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/vmstate"
)

// resetControl is the ways in which a guest resets a PC: the reset control
// register at port 0xcf9, bit 0 of port 0x92, command 0xfe of the keyboard
// controller.
type resetControl struct{ register byte }

const (
	resetFull    = 0x04 // of port 0xcf9: reset now
	resetWritten = 0x0e
	fastReset    = 0x01 // of port 0x92
)

func (b *Board) resetMachine() {
	if b.opts.Reset != nil {
		b.opts.Reset()
	}
}

func resetPort(b *Board) memory.Ops {
	return memory.Funcs{
		OnRead: func(uint64, int) uint64 { return uint64(b.reset.register) },
		OnWrite: func(_ uint64, _ int, val uint64) {
			if val&resetFull != 0 {
				b.resetMachine()
				return
			}
			b.reset.register = byte(val) & resetWritten
		},
	}
}

// port92 is what was written to it last.
type port92 struct {
	wired
	value uint8
}

func (p *port92) registers(string) (memory.Ops, *memory.Rules) { return p, &acpi.ByteRules }

// Read implements [memory.Ops].
func (p *port92) Read(uint64, int) uint64 { return uint64(p.value) }

// Write implements [memory.Ops]: the machine is reset when the bit rises.
func (p *port92) Write(_ uint64, _ int, val uint64) {
	old := p.value
	p.value = uint8(val)
	if val&fastReset != 0 && old&fastReset == 0 {
		p.board.resetMachine()
	}
}

// Reset implements [qdev.Resetter].
func (p *port92) Reset() { p.value &= fastReset }

// VMState implements [vmstate.Stater].
func (p *port92) VMState(f *vmstate.Fields) {
	p.wired.VMState(f)
	f.Field("value", &p.value)
}

// allOnes is behind ports that nobody reads.
func allOnes(*Board) memory.Ops { return memory.UnassignedIO{} }
