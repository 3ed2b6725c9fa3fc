package chipset

import "github.com/qomd/qomd/devices/memory"

// resetControl is the ways in which a guest resets a PC: the reset control
// register at port 0xcf9, bit 0 of port 0x92, command 0xfe of the keyboard
// controller.
type resetControl struct{ register byte }

const (
	resetFull    = 0x04 // of port 0xcf9: reset now
	resetWritten = 0x0e
	fastReset    = 0x01 // of port 0x92
	kbdReset     = 0xfe
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

func port92(b *Board) memory.Ops {
	return memory.Funcs{OnWrite: func(_ uint64, _ int, val uint64) {
		if val&fastReset != 0 {
			b.resetMachine()
		}
	}}
}

func keyboardCommand(b *Board) memory.Ops {
	return memory.Funcs{OnWrite: func(_ uint64, _ int, val uint64) {
		if val == kbdReset {
			b.resetMachine()
		}
	}}
}
