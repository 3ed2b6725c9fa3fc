package regs

import (
	"fmt"
	"math"
)

// Row describes a register, or an array of equal ones.
type Row[D any] struct {
	Name  string // as the specification has it
	Off   uint64 // of the first element, bytes from the start of the block
	Size  int    // in bytes: 1, 2, 4 or 8; 0 means 4
	Reset uint64 // value after a reset
	Write uint64 // bits that take the value written
	W1C   uint64 // bits that a written 1 clears
	RC    uint64 // bits that a read clears, after it saw them

	// Count makes it an array, of elements Stride bytes apart; 0 means one
	// element, and a Stride of 0 the size of the register.
	Count  int
	Stride uint64

	// Sticky keeps the value over a reset that is not a cold one.
	Sticky bool

	// OnRead, if set, answers a read: it gets the stored value and returns the
	// one to be seen, before RC bits go.
	OnRead func(dev D, i int, val uint64) uint64
	// OnWrite, if set, is told of a write after masks were applied: old and
	// new are stored values, raw is what was written, with zeros in the bytes
	// that were not. The stored value is new by then; the callback may change
	// it with [Block.Set].
	OnWrite func(dev D, i int, old, new, raw uint64)
}

// Reg names a row of a table: its index in the slice given to [NewTable].
type Reg int

// Table is the layout of a block, shared by all devices of a type.
type Table[D any] struct {
	rows  []row[D]
	size  uint64
	words int      // of storage per block
	index []uint16 // by offset>>shift: first element that ends behind the start of the slot
	shift uint
	order []element // all elements by offset
	exact bool
}

type row[D any] struct {
	Row[D]
	first int // word of element 0
	words int // per element
}

// element is one register of the block.
type element struct {
	off  uint64
	row  uint16
	i    int32
	size uint8
}

// NewTable checks the rows and lays out a block of size bytes. Rows that
// overlap, leave the block or are of odd sizes are programming errors, and
// panic: tables are constants of a device type.
func NewTable[D any](size uint64, rows []Row[D]) *Table[D] {
	t := &Table[D]{size: size}
	if len(rows) > math.MaxUint16 {
		panic("regs: too many rows")
	}
	for n, r := range rows {
		if r.Size == 0 {
			r.Size = 4
		}
		if r.Count == 0 {
			r.Count = 1
		}
		if r.Stride == 0 {
			r.Stride = uint64(r.Size)
		}
		t.check(&r)
		k := row[D]{Row: r, first: t.words, words: 1}
		if r.Size == 8 {
			k.words = 2
		}
		t.words += k.words * r.Count
		t.rows = append(t.rows, k)
		for i := range r.Count {
			t.order = append(t.order, element{r.Off + uint64(i)*r.Stride, uint16(n), int32(i), uint8(r.Size)})
		}
	}
	t.buildIndex()
	return t
}

// Exact makes accesses that do not begin at a register find nothing, which is
// what QEMU's models do that switch on the offset: reading the upper half of
// a register yields 0. It returns t, for use with [NewTable].
func (t *Table[D]) Exact() *Table[D] {
	t.exact = true
	return t
}

func (t *Table[D]) check(r *Row[D]) {
	bad := func(what string) { panic(fmt.Sprintf("regs: register %s: %s", r.Name, what)) }
	switch r.Size {
	case 1, 2, 4, 8:
	default:
		bad(fmt.Sprintf("size %d", r.Size))
	}
	if r.Count < 0 || r.Stride < uint64(r.Size) {
		bad("array elements overlap")
	}
	if end := r.Off + uint64(r.Count-1)*r.Stride + uint64(r.Size); end > t.size {
		bad(fmt.Sprintf("ends at 0x%x, beyond the block", end))
	}
	all := mask(r.Size)
	if (r.Reset|r.Write|r.W1C|r.RC)&^all != 0 {
		bad("bits beyond its size")
	}
	if r.Write&r.W1C != 0 {
		bad("bits both written and cleared by writing")
	}
}

// mask is the number whose size bytes are all ones.
func mask(size int) uint64 {
	if size == 8 {
		return math.MaxUint64
	}
	return 1<<(8*size) - 1
}

// Size returns the size of the block in bytes.
func (t *Table[D]) Size() uint64 { return t.size }

// Rows returns how many rows there are.
func (t *Table[D]) Rows() int { return len(t.rows) }

// Row returns a row as it was given, with its defaults filled in.
func (t *Table[D]) Row(reg Reg) Row[D] { return t.rows[reg].Row }
