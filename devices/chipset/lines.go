package chipset

// Inputs is how many inputs the I/O APIC has.
const Inputs = 24

// sciInput is the input of the system control interrupt on PCs.
const sciInput = 9

// inputLines are the inputs of the I/O APIC. There is no controller behind them:
// who plays the guest is told by [qdev.Env.Interrupt]. They are kept for whoever
// wants to see single lines.
type inputLines struct {
	count   [Inputs]int // how many assert an input; it is high while any does
	sci     bool
	outside [Inputs]bool
	watch   func(input int, level bool)
}

// assert adds one who asserts an input, or takes one away.
func (l *inputLines) assert(input int, on bool) {
	before := l.count[input] > 0
	if on {
		l.count[input]++
	} else {
		l.count[input] = max(l.count[input]-1, 0)
	}
	if after := l.count[input] > 0; after != before && l.watch != nil {
		l.watch(input, after)
	}
}

// level lets one whose state is remembered assert an input or release it.
func (l *inputLines) level(state *bool, input int, on bool) {
	if *state != on {
		*state = on
		l.assert(input, on)
	}
}

// WatchLines tells f of every change of an input of the I/O APIC from now on;
// nil ends that.
func (b *Board) WatchLines(f func(input int, level bool)) { b.lines.watch = f }

// DriveLine asserts or releases an input from outside, besides its drivers.
func (b *Board) DriveLine(input int, level bool) {
	if input >= 0 && input < Inputs {
		b.lines.level(&b.lines.outside[input], input, level)
	}
}
