package regs

import (
	"errors"

	"github.com/qomd/qomd/devices/vmstate"
)

var errRegisters = errors.New("the registers are others")

// VMState saves or loads the values of all registers, in the table's order.
func (b *Block[D]) VMState(f *vmstate.Fields) {
	vals := b.vals
	f.Field("registers", &vals)
	switch {
	case !f.Loading():
	case len(vals) != len(b.vals):
		f.Fail(errRegisters)
	default:
		copy(b.vals, vals)
	}
}
