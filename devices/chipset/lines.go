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

// Registers of the bridge that route the lines of PCI: one byte for each, with
// the number of an input below 16, or more for none.
const (
	routeAtoD    = 0x60
	routeEtoH    = 0x68
	firstDirect  = 16 // inputs of the lines A to H on boards with an ICH9
	ownSlots     = 25 // from here on slots have a route of their own there
	isaBridge    = 1 << 3
	isaBridgeICH = 0x1f << 3
)

// pciLine is told of a pin on the root bus. The bridge's routing is looked at
// when a line changes; rerouting one that is asserted has no effect until then.
func (b *Board) pciLine(devfn uint8, pin int, asserted bool) {
	slot := int(devfn >> 3)
	if !b.Root.Express() {
		// The lines of slots are shifted by one from slot to slot, beginning
		// with that of the bridge.
		b.route(isaBridge, routeAtoD+(slot-1+pin)&3, asserted)
		return
	}
	line := pin
	if slot < ownSlots {
		line = 4 + (slot+pin)&3
	}
	b.lines.assert(firstDirect+line, asserted)
	reg := routeAtoD + line
	if line >= 4 {
		reg = routeEtoH + line - 4
	}
	b.route(isaBridgeICH, reg, asserted)
}

// route drives the input that a routing register names.
func (b *Board) route(bridge uint8, reg int, asserted bool) {
	d := b.Root.At(bridge)
	if d == nil {
		return
	}
	if v := d.Config(reg); v < 16 {
		b.lines.assert(int(v), asserted)
	}
}
