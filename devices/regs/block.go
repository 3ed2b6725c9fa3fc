package regs

// Block is one device's registers. It has the methods of a memory region's
// operations. It has no lock: accesses come under the machine's.
type Block[D any] struct {
	table *Table[D]
	dev   D
	vals  []uint32
}

// New makes a block with all registers at their reset values; dev is handed to
// the callbacks.
func (t *Table[D]) New(dev D) Block[D] {
	b := Block[D]{table: t, dev: dev, vals: make([]uint32, t.words)}
	b.Reset(true)
	return b
}

// Reset sets all registers to their reset values, without callbacks; sticky
// ones only when it is a cold reset.
func (b *Block[D]) Reset(cold bool) {
	for n := range b.table.rows {
		r := &b.table.rows[n]
		if r.Sticky && !cold {
			continue
		}
		for i := range r.Count {
			b.put(r, i, r.Reset)
		}
	}
}

// Table returns the layout.
func (b *Block[D]) Table() *Table[D] { return b.table }

// Get returns the stored value of a register.
func (b *Block[D]) Get(reg Reg) uint64 { return b.GetAt(reg, 0) }

// GetAt returns that of an element of an array.
func (b *Block[D]) GetAt(reg Reg, i int) uint64 { return b.value(&b.table.rows[reg], i) }

// Set stores a value, without masks and callbacks: what hardware does.
func (b *Block[D]) Set(reg Reg, val uint64) { b.SetAt(reg, 0, val) }

// SetAt is Set for an element of an array.
func (b *Block[D]) SetAt(reg Reg, i int, val uint64) { b.put(&b.table.rows[reg], i, val) }

// SetBits sets bits of a register.
func (b *Block[D]) SetBits(reg Reg, i int, bits uint64) { b.SetAt(reg, i, b.GetAt(reg, i)|bits) }

// ClearBits clears bits of a register.
func (b *Block[D]) ClearBits(reg Reg, i int, bits uint64) { b.SetAt(reg, i, b.GetAt(reg, i)&^bits) }

func (b *Block[D]) value(r *row[D], i int) uint64 {
	at := r.first + i*r.words
	if r.words == 2 {
		return uint64(b.vals[at]) | uint64(b.vals[at+1])<<32
	}
	return uint64(b.vals[at])
}

func (b *Block[D]) put(r *row[D], i int, val uint64) {
	at := r.first + i*r.words
	b.vals[at] = uint32(val & mask(r.Size))
	if r.words == 2 {
		b.vals[at+1] = uint32(val >> 32)
	}
}

// Read reads size bytes, at most 8, at an offset of the block.
func (b *Block[D]) Read(off uint64, size int) uint64 {
	t, end, out := b.table, off+uint64(size), uint64(0)
	for at := t.start(off); at < len(t.order) && t.order[at].off < end; at++ {
		e := &t.order[at]
		r := &t.rows[e.row]
		val := b.value(r, int(e.i))
		seen := val
		if r.OnRead != nil {
			seen = r.OnRead(b.dev, int(e.i), val)
		}
		if r.RC != 0 {
			touched := into(mask(size), e.off, off) & mask(r.Size)
			b.put(r, int(e.i), b.value(r, int(e.i))&^(r.RC&touched))
		}
		out |= into(seen&mask(r.Size), off, e.off)
	}
	return out & mask(size)
}

// Write writes the low size bytes, at most 8, of val at an offset of the
// block.
func (b *Block[D]) Write(off uint64, size int, val uint64) {
	t, end := b.table, off+uint64(size)
	val &= mask(size)
	for at := t.start(off); at < len(t.order) && t.order[at].off < end; at++ {
		e := &t.order[at]
		r := &t.rows[e.row]
		touched := into(mask(size), e.off, off) & mask(r.Size)
		raw := into(val, e.off, off) & mask(r.Size)
		old := b.value(r, int(e.i))
		now := old&^(r.Write&touched) | raw&r.Write
		now &^= raw & r.W1C
		b.put(r, int(e.i), now)
		if r.OnWrite != nil {
			r.OnWrite(b.dev, int(e.i), old, now, raw)
		}
	}
}

// into shifts bytes that lie at offset src to where they are as seen from dst.
func into(val uint64, dst, src uint64) uint64 {
	if src >= dst {
		return val << (8 * (src - dst))
	}
	return val >> (8 * (dst - src))
}
