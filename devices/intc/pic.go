package intc

import (
	"fmt"

	"github.com/qomd/qomd/devices/vmstate"
)

// Bits of the command words, 8259A data sheet figures 7 and 8.
const (
	icw1         = 0x10 // address 0: a first initialization word
	icw1Fourth   = 0x01 // a fourth follows
	icw1Single   = 0x02 // no third follows
	icw1Level    = 0x08
	icw4AutoEOI  = 0x02
	icw4Nested   = 0x10 // special fully nested
	ocw3         = 0x08
	ocw3ReadISR  = 0x01
	ocw3Read     = 0x02
	ocw3Poll     = 0x04
	ocw3Special  = 0x20 // special mask mode
	ocw3SetMode  = 0x40
	pollAnswered = 0x80
	cascade      = 2 // input of the master that the slave drives
	none         = 8 // a priority: no interrupt
)

// word is the initialization word that a write to address 1 is.
type word uint8

const (
	maskWord word = iota // none: the interrupt mask
	baseWord
	cascadeWord
	modeWord
)

// picState is what of a controller a reset and a migration know.
type picState struct {
	Level, IRR, IMR, ISR uint8 // Level: inputs as they were last seen
	Priority             uint8 // the input with the highest
	Base                 uint8 // vector of input 0
	ELCR                 uint8
	Expect               word
	ReadISR, Poll        bool
	SpecialMask, AutoEOI bool
	RotateAuto, Nested   bool
	Fourth, Single       bool
	AllLevel             bool
}

// PIC is an 8259A with the edge/level control register that EISA added.
type PIC struct {
	picState
	Master   bool
	ELCRMask uint8 // inputs that can be level-triggered
	// Output is told of the interrupt output.
	Output func(level bool)
}

// first returns how far the first of some inputs is from that of the highest
// priority, none when there is none.
func (p *PIC) first(inputs uint8) uint8 {
	for n := range uint8(none) {
		if inputs>>((n+p.Priority)&7)&1 != 0 {
			return n
		}
	}
	return none
}

// pending is the input whose interrupt the processor would get, and whether
// there is one.
func (p *PIC) pending() (input uint8, ok bool) {
	n := p.first(p.IRR &^ p.IMR)
	if n == none {
		return 0, false
	}
	serviced := p.ISR
	if p.SpecialMask {
		serviced &^= p.IMR
	}
	if p.Nested && p.Master {
		serviced &^= 1 << cascade
	}
	return (n + p.Priority) & 7, n < p.first(serviced)
}

func (p *PIC) update() {
	_, ok := p.pending()
	if p.Output != nil {
		p.Output(ok)
	}
}

// SetInput tells of an input's level.
func (p *PIC) SetInput(input int, level bool) {
	bit := uint8(1) << input
	switch {
	case !level:
		p.Level &^= bit
		if p.levelTriggered(bit) {
			p.IRR &^= bit
		}
	case p.Level&bit == 0 || p.levelTriggered(bit):
		p.IRR |= bit
		p.Level |= bit
	}
	p.update()
}

func (p *PIC) levelTriggered(bit uint8) bool { return p.AllLevel || p.ELCR&bit != 0 }

// acknowledge is what a processor's acknowledgement does.
func (p *PIC) acknowledge(input uint8) {
	bit := uint8(1) << input
	switch {
	case !p.AutoEOI:
		p.ISR |= bit
	case p.RotateAuto:
		p.Priority = (input + 1) & 7
	}
	if !p.levelTriggered(bit) {
		p.IRR &^= bit
	}
	p.update()
}

// Vector acknowledges the interrupt of a master and its slave, and returns its
// vector; without one it is that of a spurious interrupt.
func (p *PIC) Vector(slave *PIC) uint8 {
	input, ok := p.pending()
	switch {
	case !ok:
		return p.Base + 7
	case input != cascade:
		p.acknowledge(input)
		return p.Base + input
	}
	behind, ok := slave.pending()
	if ok {
		slave.acknowledge(behind)
	} else {
		behind = 7
	}
	p.acknowledge(input)
	return slave.Base + behind
}

// initialize is what the first initialization word does; level-triggered
// requests stay.
func (p *PIC) initialize() {
	p.picState = picState{IRR: p.IRR & p.ELCR, ELCR: p.ELCR}
	p.update()
}

// Reset returns to the power-on state.
func (p *PIC) Reset() {
	p.ELCR = 0
	p.initialize()
}

// Write writes a register: address 0 or 1.
func (p *PIC) Write(addr uint64, val uint8) {
	switch {
	case addr != 0:
		p.writeData(val)
	case val&icw1 != 0:
		p.initialize()
		p.Expect, p.Fourth, p.Single, p.AllLevel = baseWord, val&icw1Fourth != 0, val&icw1Single != 0, val&icw1Level != 0
	case val&ocw3 != 0:
		p.Poll = p.Poll || val&ocw3Poll != 0
		if val&ocw3Read != 0 {
			p.ReadISR = val&ocw3ReadISR != 0
		}
		if val&ocw3SetMode != 0 {
			p.SpecialMask = val&ocw3Special != 0
		}
	default:
		p.command(val>>5, val&7)
	}
}

// command is the second operation command word: the end of an interrupt,
// rotation of priorities.
func (p *PIC) command(code, input uint8) {
	rotate := code&4 != 0
	switch code {
	case 0, 4:
		p.RotateAuto = rotate
		return
	case 1, 5: // of the one in service
		n := p.first(p.ISR)
		if n == none {
			return
		}
		input = (n + p.Priority) & 7
		p.ISR &^= 1 << input
	case 3, 7: // of the one that is named
		p.ISR &^= 1 << input
	case 2: // none
		return
	}
	if rotate {
		p.Priority = (input + 1) & 7
	}
	p.update()
}

func (p *PIC) writeData(val uint8) {
	last := maskWord
	if p.Fourth {
		last = modeWord
	}
	switch p.Expect {
	case maskWord:
		p.IMR = val
		p.update()
	case baseWord:
		p.Base = val &^ 7
		if p.Expect = cascadeWord; p.Single {
			p.Expect = last
		}
	case cascadeWord:
		p.Expect = last
	case modeWord:
		p.Nested, p.AutoEOI = val&icw4Nested != 0, val&icw4AutoEOI != 0
		p.Expect = maskWord
	}
}

// Read reads a register; after a poll command it acknowledges an interrupt.
func (p *PIC) Read(addr uint64) uint8 {
	switch {
	case p.Poll:
		p.Poll = false
		input, ok := p.pending()
		if !ok {
			return 0
		}
		p.acknowledge(input)
		return input | pollAnswered
	case addr != 0:
		return p.IMR
	case p.ReadISR:
		return p.ISR
	}
	return p.IRR
}

// WriteELCR writes the edge/level control register.
func (p *PIC) WriteELCR(val uint8) { p.ELCR = val & p.ELCRMask }

// String is the line of HMP's "info pic".
func (p *PIC) String() string {
	n := 1
	if p.Master {
		n = 0
	}
	return fmt.Sprintf("pic%d: irr=%02x imr=%02x isr=%02x hprio=%d irq_base=%02x rr_sel=%d elcr=%02x fnm=%d\n",
		n, p.IRR, p.IMR, p.ISR, p.Priority, p.Base, number(p.ReadISR), p.ELCR, number(p.Nested))
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}

// VMState saves or loads the registers.
func (p *PIC) VMState(f *vmstate.Fields) { f.Field("registers", &p.picState) }
