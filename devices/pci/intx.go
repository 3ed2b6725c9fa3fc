package pci

// intxState is the conventional interrupt of a function.
type intxState struct {
	level    bool // what the model asks for
	asserted bool // what the bus sees
	raised   uint64
}

// SetIRQ asserts or releases the function's interrupt pin.
func (d *Device) SetIRQ(level bool) {
	if level && !d.irq.level {
		d.irq.raised++
	}
	d.irq.level = level
	if level {
		d.space.bytes[regStatus] |= statusInterrupt
	} else {
		d.space.bytes[regStatus] &^= statusInterrupt
	}
	d.updateIRQ()
}

// updateIRQ lets the level through to the bus, unless the guest disabled it.
func (d *Device) updateIRQ() {
	want := d.irq.level && d.ConfigWord(regCommand)&commandINTxDisable == 0
	if want == d.irq.asserted || d.bus == nil || d.space.bytes[regIRQPin] == 0 {
		return
	}
	d.irq.asserted = want
	pin, devfn, b := d.pinAtRoot()
	if n := &b.pins[pin&3]; want {
		*n++
	} else if *n > 0 {
		*n--
	}
	if b.OnLine != nil {
		b.OnLine(devfn, pin, want)
	}
	if b.OnIRQ != nil {
		b.OnIRQ(pin&3, b.pins[pin&3])
	}
	if want {
		d.interruptGuest()
	}
}

// pinAtRoot follows the function's pin to the board's root bus: bridges turn the
// pins by the slot behind them. An expander does so too, and takes its own slot
// away, so that the pin may be negative: firmware, which takes the expander's bus
// for one beside bus 0, does not count that slot.
func (d *Device) pinAtRoot() (pin int, devfn uint8, b *Bus) {
	pin, devfn, b = int(d.space.bytes[regIRQPin]-1), d.devfn, d.bus
	for up := b.upstream(); up != nil && up.bus != nil; up = b.upstream() {
		pin = (pin + int(devfn>>3)) % 4
		if b.expander != nil {
			pin -= up.Slot()
		}
		devfn, b = up.devfn, up.bus
	}
	return pin, devfn, b
}

// Interrupts counts what a function raised since it was realized.
type Interrupts struct{ INTx, MSI, MSIX uint64 }

// Interrupts returns how often the function raised its pin, sent an MSI and
// sent an MSI-X message.
func (d *Device) Interrupts() Interrupts {
	n := Interrupts{INTx: d.irq.raised, MSI: d.msi.sent}
	if d.msix != nil {
		n.MSIX = d.msix.sent
	}
	return n
}

// sendMessage writes an interrupt message to memory, as the function's bus
// master: with that switched off it goes nowhere.
func (d *Device) sendMessage(addr uint64, data uint32) {
	if d.bmSpace != nil {
		d.bmSpace.WriteN(addr, 4, uint64(data))
	}
}

// interruptGuest tells whoever plays the guest that there is something to see.
func (d *Device) interruptGuest() {
	if f := d.Env().Interrupt; f != nil {
		f()
	}
}
