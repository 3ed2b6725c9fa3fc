package chipset

import (
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// lapic is the local APIC of a processor, its child.
type lapic struct {
	qdev.Device
	chip  intc.APIC
	leave func() // the others; nil: it is not with them
}

// join adds it to those that messages reach, under an id.
func (l *lapic) join(others *intc.Messages, id uint32) {
	l.chip.ID = id
	if others != nil {
		l.leave = others.Add(&l.chip)
	}
}

// Unrealize implements [qdev.Unrealizer].
func (l *lapic) Unrealize() {
	if l.leave != nil {
		l.leave()
		l.leave = nil
	}
}

// Reset implements [qdev.Resetter].
func (l *lapic) Reset() { l.chip.Reset() }

// VMState implements [vmstate.Stater].
func (l *lapic) VMState(f *vmstate.Fields) {
	l.Device.VMState(f)
	l.chip.VMState(f)
}

// LocalAPICText is what HMP's "info lapic" says of a processor's APIC, empty for
// one that has none.
func LocalAPICText(cpu *qom.Object) string {
	o := cpu.Child("lapic")
	if o == nil {
		return ""
	}
	x2, _ := cpu.Get("x2apic")
	return o.Self().(*lapic).chip.Describe(x2 == true)
}
