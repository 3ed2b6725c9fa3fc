package intc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/vmstate"
)

// APIC is the local APIC of a processor.
type APIC struct {
	ID uint32
	// Vectors that are requested, and those of them that are level-triggered; nil
	// while there are none.
	requests map[uint8]bool
}

// Reset forgets the requests.
func (a *APIC) Reset() { a.requests = nil }

func (a *APIC) request(vector uint8, level bool) {
	if a.requests == nil {
		a.requests = map[uint8]bool{}
	}
	a.requests[vector] = level
}

// vectors are those requested, in order.
func (a *APIC) vectors() []uint8 {
	var list []uint8
	for v := range a.requests {
		list = append(list, v)
	}
	slices.Sort(list)
	return list
}

// Describe is what HMP's "info lapic" says after its first line; x2 says that the
// processor has the second kind of ids. All but the requests is as a reset leaves
// it.
func (a *APIC) Describe(x2 bool) string {
	var b strings.Builder
	kind := "APIC ID"
	if x2 {
		kind = "X2APIC ID"
	}
	for _, name := range []string{"LVT0", "LVT1", "LVTPC", "LVTERR", "LVTTHMR"} {
		fmt.Fprintf(&b, "%s\t 0x00010000 active-hi edge  masked                      Fixed  (vec 0)\n", name)
	}
	b.WriteString("LVTT\t 0x00010000 active-hi edge  masked         one-shot     Fixed  (vec 0)\n" +
		"Timer\t DCR=0x0 (divide by 2) initial_count = 0 current_count = 0\n" +
		"SPIV\t 0x000000ff APIC disabled, focus=off, spurious vec 255\n" +
		"ICR\t 0x00000000 physical edge de-assert no-shorthand\nICR2\t 0x00000000 cpu 0 (" + kind + ")\nESR\t 0x00000000\n" +
		"ISR\t (none)\nIRR\t ")
	for _, v := range a.vectors() {
		fmt.Fprintf(&b, "%d", v)
		if a.requests[v] {
			b.WriteString("(level)")
		}
		b.WriteByte(' ')
	}
	if len(a.requests) == 0 {
		b.WriteString("(none)")
	}
	b.WriteString("\n\nAPR 0x00 TPR 0x00 DFR 0x0f LDR 0x00 PPR 0x00\n")
	return b.String()
}

// VMState saves or loads the requests.
func (a *APIC) VMState(f *vmstate.Fields) { f.Field("requests", &a.requests) }

// Messages are the local APICs of a machine, to which memory writes are
// messages.
type Messages struct{ apics []*APIC }

// Add adds a processor's; calling leave takes it away.
func (m *Messages) Add(a *APIC) (leave func()) {
	m.apics = append(m.apics, a)
	return func() { m.apics = slices.DeleteFunc(m.apics, func(o *APIC) bool { return o == a }) }
}

// Fields of a message's address, Intel's manual volume 3, section 12.11.
const (
	messageLogical = 1 << 2
	everybody      = 0xff
	ownRegisters   = 0xfff // below, a processor would find its own registers
)

// Read implements memory.Ops. Only a processor can read.
func (m *Messages) Read(uint64, int) uint64 { return ^uint64(0) }

// Write implements memory.Ops: a message. One to a logical destination reaches
// nobody, since no processor has chosen one.
func (m *Messages) Write(addr uint64, _ int, val uint64) {
	if addr <= ownRegisters && addr>>4 != 0 || addr&messageLogical != 0 {
		return
	}
	vector, mode, level := uint8(val), val>>8&7, val>>15&1 != 0
	if mode != deliverFixed && mode != deliverLowest && mode != deliverExtINT {
		return
	}
	dest := uint32(addr >> 12 & 0xff)
	for _, a := range m.apics {
		if dest != everybody && a.ID != dest {
			continue
		}
		a.request(vector, level)
		if mode == deliverLowest {
			return
		}
	}
}
