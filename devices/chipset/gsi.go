package chipset

import "github.com/qomd/qomd/devices/intc"

// Inputs is how many interrupt lines a board has: those of the I/O APIC. The
// first sixteen lead to the pair of 8259A as well.
const (
	Inputs    = intc.Pins
	isaInputs = 16
)

// The lines of the board's own devices.
const (
	timerInput    = 0
	keyboardInput = 1
	clockInput    = 8
	sciInput      = 9 // system control interrupt
	mouseInput    = 12
)

// inputLines are the interrupt lines. A line is high while anybody asserts it.
type inputLines struct {
	board *Board
	count [Inputs]uint8 // how many do
	sci   bool
}

// assert adds one who asserts a line, or takes one away.
func (l *inputLines) assert(n int, on bool) {
	before := l.count[n] > 0
	switch {
	case on:
		l.count[n]++
	case before:
		l.count[n]--
	}
	if after := l.count[n] > 0; after != before {
		l.board.drivePins(n, after)
	}
}

// DriveLine lets a device that is not the board's own assert a line, or release
// it.
func (b *Board) DriveLine(n int, on bool) { b.lines.assert(n, on) }

// level lets one whose state is remembered assert a line or release it.
func (l *inputLines) level(state *bool, n int, on bool) {
	if *state != on {
		*state = on
		l.assert(n, on)
	}
}

// drivePins drives the inputs that a line leads to.
func (b *Board) drivePins(n int, level bool) {
	if n < isaInputs {
		if p := b.pics[n/8]; p != nil {
			p.SetInput(n%8, level)
		}
	}
	if b.ioapic != nil {
		b.ioapic.SetInput(n, level)
	}
}
