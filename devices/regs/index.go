package regs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// maxSlots bounds the index of a table: sparse blocks get coarser slots, and
// a few more steps per look-up.
const maxSlots = 4096

// buildIndex sorts the elements and divides the block into slots; each slot
// knows the first element that ends behind its start.
func (t *Table[D]) buildIndex() {
	slices.SortStableFunc(t.order, func(a, b element) int { return cmp.Compare(a.off, b.off) })
	for i := 1; i < len(t.order); i++ {
		a, b := t.order[i-1], t.order[i]
		if a.off+uint64(a.size) > b.off {
			panic(fmt.Sprintf("regs: registers %s and %s overlap", t.rows[a.row].Name, t.rows[b.row].Name))
		}
	}
	if len(t.order) >= math.MaxUint16 {
		panic("regs: too many registers")
	}
	t.shift = 2
	for t.size>>t.shift > maxSlots {
		t.shift++
	}
	t.index = make([]uint16, t.size>>t.shift+1)
	at := 0
	for slot := range t.index {
		start := uint64(slot) << t.shift
		for at < len(t.order) && t.order[at].off+uint64(t.order[at].size) <= start {
			at++
		}
		t.index[slot] = uint16(at)
	}
}

// find returns the index of the first element that ends behind off.
func (t *Table[D]) find(off uint64) int {
	if off >= t.size {
		return len(t.order)
	}
	at := int(t.index[off>>t.shift])
	for at < len(t.order) && t.order[at].off+uint64(t.order[at].size) <= off {
		at++
	}
	return at
}

// start is find for an access, which an exact table may refuse.
func (t *Table[D]) start(off uint64) int {
	at := t.find(off)
	if t.exact && at < len(t.order) && t.order[at].off != off {
		return len(t.order)
	}
	return at
}

// At returns the register at an offset and its number in the array; false when
// nothing is there.
func (t *Table[D]) At(off uint64) (reg Reg, i int, ok bool) {
	at := t.find(off)
	if at == len(t.order) || t.order[at].off > off {
		return 0, 0, false
	}
	return Reg(t.order[at].row), int(t.order[at].i), true
}
