package intc

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/qomd/qomd/devices/vmstate"
)

// Pins is how many inputs an I/O APIC has.
const Pins = 24

// Where the registers are, 82093AA data sheet chapter 3, and QEMU's version
// 0x20, which has a register for the end of an interrupt.
const (
	selectReg = 0x00
	windowReg = 0x10
	eoiReg    = 0x40

	regID      = 0x00
	regVersion = 0x01
	regArb     = 0x02
	regEntries = 0x10

	apicVersion = 0x20
)

// Bits of an entry of the redirection table, section 3.2.4.
const (
	entryVector    = 0xff
	entryLogical   = 1 << 11
	entryStatus    = 1 << 12
	entryActiveLow = 1 << 13
	entryRemoteIRR = 1 << 14
	entryLevel     = 1 << 15
	entryMasked    = 1 << 16
	entryReadOnly  = entryStatus | entryRemoteIRR
)

// Modes of delivery, as entries and messages have them.
const (
	deliverFixed  = 0
	deliverLowest = 1
	deliverExtINT = 7
)

// MessageAddress is where messages to local APICs are written.
const MessageAddress = 0xfee00000

// ioapicState is what of it a reset and a migration know.
type ioapicState struct {
	ID, Select uint8
	IRR        uint32
	Entries    [Pins]uint64
}

// IOAPIC is an 82093AA.
type IOAPIC struct {
	ioapicState
	// Send writes a message to the local APICs.
	Send func(addr uint64, data uint32)
	// External acknowledges the interrupt of the 8259A pair and returns its
	// vector.
	External func() uint8
}

// Reset returns to the power-on state.
func (a *IOAPIC) Reset() {
	a.ioapicState = ioapicState{}
	for i := range a.Entries {
		a.Entries[i] = entryMasked
	}
}

// SetInput tells of the level of an input. The first one is wired to the third
// pin, where PCs have their timer.
func (a *IOAPIC) SetInput(input int, level bool) {
	if input == 0 {
		input = 2
	}
	e, bit := a.Entries[input], uint32(1)<<input
	switch {
	case e&entryLevel != 0 && !level:
		a.IRR &^= bit
	case e&entryLevel != 0:
		a.IRR |= bit
		if e&entryRemoteIRR == 0 {
			a.service()
		}
	case level && e&entryMasked == 0:
		a.IRR |= bit
		a.service()
	}
}

// service sends what is requested and not masked.
func (a *IOAPIC) service() {
	for i := range a.Entries {
		e, bit := a.Entries[i], uint32(1)<<i
		if a.IRR&bit == 0 {
			continue
		}
		vector := uint8(e)
		if e>>8&7 == deliverExtINT { // whether or not it gets anywhere
			vector = a.External()
		}
		if e&entryMasked != 0 {
			continue
		}
		if e&entryLevel == 0 {
			a.IRR &^= bit
		} else {
			a.Entries[i] |= entryRemoteIRR
			if e&entryRemoteIRR != 0 {
				continue // it is on its way already
			}
		}
		a.Send(MessageAddress|e>>48<<4|e&entryLogical>>9, uint32(e&entryLevel|e&0x700)|uint32(vector))
	}
}

// EOI ends the interrupts of a vector that are level-triggered.
func (a *IOAPIC) EOI(vector uint8) {
	for i, e := range a.Entries {
		if uint8(e) != vector || e&entryLevel == 0 || e&entryRemoteIRR == 0 {
			continue
		}
		a.Entries[i] = e &^ entryRemoteIRR
		if e&entryMasked == 0 && a.IRR>>i&1 != 0 {
			a.service()
		}
	}
}

// Read implements memory.Ops.
func (a *IOAPIC) Read(addr uint64, size int) uint64 {
	switch addr & 0xff {
	case selectReg:
		return uint64(a.Select)
	case windowReg:
		if size == 4 {
			return uint64(a.register())
		}
	}
	return 0
}

// register is the value of the selected register.
func (a *IOAPIC) register() uint32 {
	switch n := int(a.Select) - regEntries; {
	case a.Select == regID || a.Select == regArb:
		return uint32(a.ID) << 24
	case a.Select == regVersion:
		return apicVersion | (Pins-1)<<16
	case n >= 0 && n < 2*Pins:
		return uint32(a.Entries[n/2] >> (n % 2 * 32))
	}
	return 0
}

// Write implements memory.Ops.
func (a *IOAPIC) Write(addr uint64, size int, val uint64) {
	switch addr & 0xff {
	case selectReg:
		a.Select = uint8(val)
	case windowReg:
		if size == 4 {
			a.writeRegister(val)
		}
	case eoiReg:
		if size == 4 {
			a.EOI(uint8(val))
		}
	}
}

func (a *IOAPIC) writeRegister(val uint64) {
	n := int(a.Select) - regEntries
	if a.Select == regID {
		a.ID = uint8(val>>24) & 0xf
	}
	if n < 0 || n >= 2*Pins {
		return
	}
	old := a.Entries[n/2]
	e := old&0xffffffff | val<<32
	if n%2 == 0 {
		e = old&^0xffffffff | val&0xffffffff
	}
	e = e&^entryReadOnly | old&entryReadOnly
	if e&entryLevel == 0 {
		e &^= entryRemoteIRR
	}
	a.Entries[n/2] = e
	a.service()
}

// deliveries are the names of the modes of delivery.
var deliveries = [8]string{"fixed", "lowest", "SMI", "...", "NMI", "INIT", "...", "extINT"}

// String is what HMP's "info pic" says of it.
func (a *IOAPIC) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ioapic0: ver=0x%x id=0x%02x sel=0x%02x", apicVersion, a.ID, a.Select)
	if a.Select != 0 {
		fmt.Fprintf(&b, " (redir[%d])", uint32((int32(a.Select)-regEntries)>>1))
	}
	b.WriteByte('\n')
	choose := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	var remote uint32
	for i, e := range a.Entries {
		mask := uint64(0xf)
		if e&entryLogical != 0 {
			mask = 0xff
		}
		if e&(entryLevel|entryRemoteIRR) == entryLevel|entryRemoteIRR {
			remote |= 1 << i
		}
		fmt.Fprintf(&b, "  pin %-2d 0x%016x dest=%x vec=%-3d %s %-5s %-6s %-6s %s\n", i, e, e>>56&mask, e&entryVector,
			choose(e&entryActiveLow != 0, "active-lo", "active-hi"), choose(e&entryLevel != 0, "level", "edge"),
			choose(e&entryMasked != 0, "masked", ""), deliveries[e>>8&7], choose(e&entryLogical != 0, "logical", "physical"))
	}
	fmt.Fprintf(&b, "  IRR      %s\n  Remote IRR %s\n", pinList(a.IRR), pinList(remote))
	return b.String()
}

// pinList names the pins of some bits.
func pinList(set uint32) string {
	if set == 0 {
		return "(none)"
	}
	var b strings.Builder
	for ; set != 0; set &= set - 1 {
		fmt.Fprintf(&b, "%-2d ", bits.TrailingZeros32(set))
	}
	return b.String()
}

// VMState saves or loads the registers.
func (a *IOAPIC) VMState(f *vmstate.Fields) { f.Field("registers", &a.ioapicState) }
