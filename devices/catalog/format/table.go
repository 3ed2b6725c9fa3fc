package format

// Table is a sequence of records, each reachable without reading the others.
type Table struct {
	n           int
	index, body string
}

// Len is the number of records.
func (t Table) Len() int { return t.n }

// String returns record i as it is, "" when there is none.
func (t Table) String(i int) string {
	if i < 0 || i >= t.n {
		return ""
	}
	from, to := uint64(u32(t.index, 4*i)), uint64(u32(t.index, 4*i+4))
	if from > to || to > uint64(len(t.body)) {
		return ""
	}
	return t.body[from:to]
}

// At returns a cursor over record i; a record that does not exist is empty.
func (t Table) At(i int) Cursor { return Cursor{rest: t.String(i)} }

// Cursor reads the fields of one record in order. Reading past the end gives
// zero values and makes Bad true.
type Cursor struct {
	rest string
	bad  bool
}

// Bad tells whether something was read that was not there.
func (c *Cursor) Bad() bool { return c.bad }

// Len is the number of bytes that are left.
func (c *Cursor) Len() int { return len(c.rest) }

// Uint reads an unsigned number (base 128, least significant group first).
func (c *Cursor) Uint() uint64 {
	var v uint64
	for i, shift := 0, uint(0); i < len(c.rest) && i < 10; i, shift = i+1, shift+7 {
		b := c.rest[i]
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			c.rest = c.rest[i+1:]
			return v
		}
	}
	c.rest, c.bad = "", true
	return 0
}

// Int reads a signed number (zig-zag).
func (c *Cursor) Int() int64 {
	v := c.Uint()
	return int64(v>>1) ^ -int64(v&1)
}

// Count reads the number of elements that follow. As every element takes at
// least a byte, a count beyond the rest of the record is damage, not a reason
// to allocate.
func (c *Cursor) Count() int {
	v := c.Uint()
	if v > uint64(len(c.rest)) {
		c.rest, c.bad = "", true
		return 0
	}
	return int(v)
}

// Ref reads a number that is an index into a table of n records; -1 stands
// for "none", which is stored as 0.
func (c *Cursor) Ref(n int) int {
	v := c.Uint()
	if v > uint64(n) {
		c.rest, c.bad = "", true
		return -1
	}
	return int(v) - 1
}
