package chipset

// Registers of the ISA bridge that route the lines of PCI: one byte for each,
// with the number of an input of the controllers for ISA.
const (
	routeAtoD    = 0x60
	routeEtoH    = 0x68 // of an ICH9, which has eight lines
	routeNone    = 0x80 // at reset: none
	firstDirect  = 16   // inputs of the lines A to H on boards with an ICH9
	isaBridge    = 1 << 3
	isaBridgeICH = 0x1f << 3
)

// pciPins are the interrupt pins that are asserted on the root bus: how many
// functions of a slot, or behind it, assert each.
type pciPins struct {
	count  [32][4]uint8
	driven [Inputs]bool // inputs that PCI asserts
	out    pins
}

// WatchOutputs implements [InterruptOutputs]: those of the ISA bridge by which
// PCI interrupts leave it, and on boards with an ICH9 the system control interrupt
// of the power management in it.
func (p *power) WatchOutputs(name string, f func(output int, level bool)) bool {
	if p.model != &ich9 || name != "gsi" {
		return false
	}
	p.board.pins.out.watch(f)
	return true
}

// WatchOutputs implements [InterruptOutputs].
func (i *isaBridgePIIX) WatchOutputs(name string, f func(output int, level bool)) bool {
	if i.board == nil || name != "isa-irqs" {
		return false
	}
	i.board.pins.out.watch(f)
	return true
}

// pciLine is told of a pin on the root bus. One less than zero comes from an
// expander's bus: a PIIX turns it as any other, with an ICH9 of QEMU's it is one of
// the slots before.
func (b *Board) pciLine(devfn uint8, pin int, asserted bool) {
	slot := int(devfn >> 3)
	if b.Root.Express() {
		pin += 4 * slot
		slot, pin = pin/4, pin%4
	}
	pin &= 3
	if asserted {
		b.pins.count[slot][pin]++
	} else {
		b.pins.count[slot][pin]--
	}
	b.driveLine(b.lineOf(slot, pin))
}

// lineOf is the line that a pin of a slot is wired to. On a PIIX they are
// shifted by one from slot to slot, beginning with that of the bridge. On an
// ICH9 the slots of the board have lines that the guest chooses.
func (b *Board) lineOf(slot, pin int) int {
	if !b.Root.Express() {
		return (slot - 1 + pin) & 3
	}
	return b.rcrb.line(slot, pin)
}

// asserted reports whether a line is.
func (b *Board) asserted(line int) bool {
	for slot := range b.pins.count {
		for pin, n := range b.pins.count[slot] {
			if n > 0 && b.lineOf(slot, pin) == line {
				return true
			}
		}
	}
	return false
}

// route returns the input for ISA that a line is routed to, -1 for none.
func (b *Board) route(line int) int {
	devfn, reg := uint8(isaBridge), routeAtoD+line
	if b.Root.Express() {
		devfn = isaBridgeICH
		if line >= 4 {
			reg = routeEtoH + line - 4
		}
	}
	d := b.Root.At(devfn)
	if d == nil {
		return -1
	}
	v := d.Config(reg)
	if b.Root.Express() && v&routeNone == 0 {
		v %= isaInputs
	}
	if v >= isaInputs {
		return -1
	}
	return int(v)
}

func (b *Board) drive(input int, on bool) { b.output(&b.pins.driven[input], input, on) }

// output drives an input through an output of the bridge, whose state is kept.
func (b *Board) output(state *bool, input int, on bool) {
	b.pins.out.set(input, on)
	b.lines.level(state, input, on)
}

// driveLine drives the inputs of a line that has changed: its own on boards that
// have one for each, and that for ISA, which lines may share.
func (b *Board) driveLine(line int) {
	lines := 4
	if b.Root.Express() {
		lines = 8
		b.drive(firstDirect+line, b.asserted(line))
	}
	input := b.route(line)
	if input < 0 {
		return
	}
	on := false
	for other := range lines {
		on = on || b.route(other) == input && b.asserted(other)
	}
	b.drive(input, on)
}

// rerouted follows a change of a PIIX's routing: as in QEMU all inputs are
// driven anew, line by line, those for ISA that nobody drives any more at the
// end. (An ICH9 looks at its routing when a line changes.)
func (b *Board) rerouted() {
	var on [isaInputs]bool
	for line := range 4 {
		if input := b.route(line); input >= 0 {
			on[input] = on[input] || b.asserted(line)
			b.drive(input, on[input])
		}
	}
	for input, v := range on {
		b.drive(input, v)
	}
}

// isaBridgePIIX is the ISA bridge of pc.
type isaBridgePIIX struct{ function }

// ConfigWrite implements [pci.ConfigWriter].
func (i *isaBridgePIIX) ConfigWrite(addr, size int, val uint32) {
	i.WriteConfig(addr, size, val)
	if i.board != nil && addr < routeAtoD+4 && addr+size > routeAtoD {
		i.board.rerouted()
	}
}

// ResetPCI implements [pci.FunctionResetter].
func (i *isaBridgePIIX) ResetPCI() {
	for line := range 4 {
		i.SetConfig(routeAtoD+line, routeNone)
	}
	if i.board != nil {
		i.board.rerouted()
	}
}
