package regs

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// card records what its registers tell it.
type card struct {
	log   []string
	ticks uint64
	regs  Block[*card]
}

// The registers of the test device.
const (
	regID Reg = iota
	regControl
	regStatus
	regEvents
	regWide
	regByte
	regHalf
	regDoorbell
	regTimer
	regPort
	regSticky
)

var layout = NewTable(0x100, []Row[*card]{
	regID:      {Name: "ID", Off: 0x00, Reset: 0x12345678},
	regControl: {Name: "CONTROL", Off: 0x04, Reset: 0x1, Write: 0xff00ff, OnWrite: wrote("control")},
	regStatus:  {Name: "STATUS", Off: 0x08, Reset: 0x8000_000f, Write: 0xf0, W1C: 0x8000_000f, OnWrite: wrote("status")},
	regEvents:  {Name: "EVENTS", Off: 0x0c, Reset: 0xffff, RC: 0xff0f},
	regWide:    {Name: "WIDE", Off: 0x10, Size: 8, Reset: 0x1122334455667788, Write: 0xffffffff_ffffffc0, OnWrite: wrote("wide")},
	regByte:    {Name: "BYTE", Off: 0x18, Size: 1, Write: 0x7f},
	regHalf:    {Name: "HALF", Off: 0x1a, Size: 2, Reset: 0xbeef, Write: 0xffff},
	regDoorbell: {Name: "DB", Off: 0x20, Count: 4, OnWrite: func(c *card, i int, _, _, raw uint64) {
		c.log = append(c.log, fmt.Sprintf("doorbell %d: %#x", i, raw))
	}},
	regTimer: {Name: "TIMER", Off: 0x30, OnRead: func(c *card, _ int, val uint64) uint64 {
		c.ticks++
		return val + c.ticks
	}},
	regPort: {Name: "PORTSC", Off: 0x40, Count: 3, Stride: 0x10, Reset: 0x2a0, Write: 0x200, W1C: 0xfe0000,
		OnWrite: func(c *card, i int, old, now, raw uint64) {
			if raw&0x10 != 0 { // reset: done at once
				c.regs.SetBits(regPort, i, 0x200002)
			}
		}},
	regSticky: {Name: "STICKY", Off: 0x80, Reset: 1, Write: 0xff, Sticky: true},
})

func wrote(name string) func(*card, int, uint64, uint64, uint64) {
	return func(c *card, _ int, old, now, raw uint64) {
		c.log = append(c.log, fmt.Sprintf("%s %#x -> %#x, raw %#x", name, old, now, raw))
	}
}

func newCard() *card {
	c := new(card)
	c.regs = layout.New(c)
	return c
}

// step is one access: a write when it has a value, else a read of want.
type step struct {
	off   uint64
	size  int
	write bool
	val   uint64
}

func r(off uint64, size int, want uint64) step { return step{off, size, false, want} }
func w(off uint64, size int, val uint64) step  { return step{off, size, true, val} }

func TestBlock(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps []step
		log   []string
	}{
		{"reset values", []step{r(0, 4, 0x12345678), r(4, 4, 1), r(0x1a, 2, 0xbeef), r(0x10, 8, 0x1122334455667788)}, nil},
		{"read-only", []step{w(0, 4, 0), r(0, 4, 0x12345678)}, nil},
		{"parts of a register", []step{r(1, 1, 0x56), r(2, 2, 0x1234), r(3, 1, 0x12), r(1, 2, 0x3456)}, nil},
		{"across registers", []step{r(0, 8, 0x1_12345678), r(2, 4, 0x00011234), r(6, 8, 0xffff_8000000f_0000)}, nil},
		{"mask of writable bits", []step{w(4, 4, 0xffffffff), r(4, 4, 0xff00ff)}, []string{"control 0x1 -> 0xff00ff, raw 0xffffffff"}},
		{"write of one byte", []step{w(6, 1, 0xab), r(4, 4, 0xab0001)}, []string{"control 0x1 -> 0xab0001, raw 0xab0000"}},
		{"write of a byte without writable bits", []step{w(5, 1, 0xab), r(4, 4, 1)}, []string{"control 0x1 -> 0x1, raw 0xab00"}},
		{"one clears", []step{w(8, 4, 0x5), r(8, 4, 0x8000000a)}, []string{"status 0x8000000f -> 0x8000000a, raw 0x5"}},
		{"one clears, the others are written", []step{w(8, 4, 0x80000030), r(8, 4, 0x3f)}, []string{"status 0x8000000f -> 0x3f, raw 0x80000030"}},
		{"one clears in the byte written", []step{w(0xb, 1, 0xff), r(8, 4, 0xf)}, []string{"status 0x8000000f -> 0xf, raw 0xff000000"}},
		{"zeros clear nothing", []step{w(8, 4, 0), r(8, 4, 0x8000000f)}, []string{"status 0x8000000f -> 0x8000000f, raw 0x0"}},
		{"read clears", []step{r(0xc, 4, 0xffff), r(0xc, 4, 0xf0)}, nil},
		{"read clears the part that was read", []step{r(0xd, 1, 0xff), r(0xc, 4, 0x00ff), r(0xc, 4, 0xf0)}, nil},
		{"64 bits at once", []step{w(0x10, 8, 0xaabbccdd_eeff0011), r(0x10, 8, 0xaabbccdd_eeff0008)}, []string{"wide 0x1122334455667788 -> 0xaabbccddeeff0008, raw 0xaabbccddeeff0011"}},
		{"64 bits by halves", []step{w(0x10, 4, 0xffffffff), w(0x14, 4, 0), r(0x14, 4, 0), r(0x10, 4, 0xffffffc8)}, []string{
			"wide 0x1122334455667788 -> 0x11223344ffffffc8, raw 0xffffffff", "wide 0x11223344ffffffc8 -> 0xffffffc8, raw 0x0"}},
		{"misaligned in 64 bits", []step{w(0x13, 2, 0xabcd), r(0x10, 8, 0x112233abcd667788)}, []string{"wide 0x1122334455667788 -> 0x112233abcd667788, raw 0xabcd000000"}},
		{"write across registers, lowest first", []step{w(4, 8, 0xffffffff_ffffffff)}, []string{
			"control 0x1 -> 0xff00ff, raw 0xffffffff", "status 0x8000000f -> 0xf0, raw 0xffffffff"}},
		{"small registers and a hole", []step{w(0x18, 4, 0xffffffff), r(0x18, 4, 0xffff007f), r(0x19, 1, 0), w(0x1c, 4, 1), r(0x1c, 4, 0)}, nil},
		{"array", []step{w(0x24, 4, 7), w(0x2c, 1, 9), w(0x22, 4, 0x00050003)}, []string{
			"doorbell 1: 0x7", "doorbell 3: 0x9", "doorbell 0: 0x30000", "doorbell 1: 0x5"}},
		{"read callback", []step{r(0x30, 4, 1), r(0x30, 1, 2), r(0x30, 4, 3), w(0x30, 4, 9), r(0x30, 4, 4)}, nil},
		{"array with stride, callback changes the value", []step{w(0x50, 4, 0x10), r(0x50, 4, 0x2000a2), r(0x40, 4, 0x2a0), r(0x44, 4, 0),
			w(0x50, 4, 0x200200), r(0x50, 4, 0x2a2)}, nil},
		{"beyond the block", []step{r(0x100, 4, 0), w(0x100, 4, 1), r(0xfe, 4, 0), r(0xffffffff_fffffff8, 8, 0)}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCard()
			for _, s := range tc.steps {
				if s.write {
					c.regs.Write(s.off, s.size, s.val)
				} else if got := c.regs.Read(s.off, s.size); got != s.val {
					t.Errorf("%d bytes at %#x: %#x, want %#x", s.size, s.off, got, s.val)
				}
			}
			if diff := cmp.Diff(tc.log, c.log); diff != "" {
				t.Errorf("callbacks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReset(t *testing.T) {
	c := newCard()
	c.regs.Set(regControl, 0xff)
	c.regs.SetAt(regPort, 2, 0)
	c.regs.Write(0x80, 4, 0x55)
	c.regs.Reset(false)
	if a, b, s := c.regs.Get(regControl), c.regs.GetAt(regPort, 2), c.regs.Get(regSticky); a != 1 || b != 0x2a0 || s != 0x55 {
		t.Errorf("after a reset: %#x, %#x, sticky %#x", a, b, s)
	}
	c.regs.Reset(true)
	if s := c.regs.Get(regSticky); s != 1 {
		t.Errorf("after a cold reset: sticky %#x", s)
	}
	c.regs.SetBits(regWide, 0, 1<<63)
	c.regs.ClearBits(regWide, 0, 0xff)
	if v := c.regs.Get(regWide); v != 0x9122334455667700 {
		t.Errorf("wide %#x", v)
	}
	c.regs.Set(regByte, 0x1ff)
	if v := c.regs.Get(regByte); v != 0xff {
		t.Errorf("byte register holds %#x", v)
	}
}

func TestExact(t *testing.T) {
	table := NewTable(16, []Row[int]{{Name: "A", Off: 0, Reset: 0x01000040}, {Name: "B", Off: 4, Reset: 0x08001040, Write: 0xff}}).Exact()
	b := table.New(0)
	for _, s := range []step{
		r(0, 4, 0x01000040), r(0, 1, 0x40), r(0, 8, 0x08001040_01000040), r(1, 4, 0), r(2, 2, 0), r(3, 2, 0), r(8, 4, 0),
		w(5, 1, 0xff), w(3, 4, 0xffffffff), r(4, 4, 0x08001040), w(4, 1, 0x55), r(4, 4, 0x08001055),
	} {
		if s.write {
			b.Write(s.off, s.size, s.val)
		} else if got := b.Read(s.off, s.size); got != s.val {
			t.Errorf("%d bytes at %#x: %#x, want %#x", s.size, s.off, got, s.val)
		}
	}
}

func TestLookup(t *testing.T) {
	type at struct {
		Reg Reg
		I   int
		OK  bool
	}
	for off, want := range map[uint64]at{
		0x00: {regID, 0, true}, 0x03: {regID, 0, true}, 0x18: {regByte, 0, true}, 0x19: {}, 0x1b: {regHalf, 0, true},
		0x2f: {regDoorbell, 3, true}, 0x60: {regPort, 2, true}, 0x64: {}, 0xff: {}, 0x100: {}, 1 << 40: {},
	} {
		reg, i, ok := layout.At(off)
		if diff := cmp.Diff(want, at{reg, i, ok}); diff != "" {
			t.Errorf("%#x (-want +got):\n%s", off, diff)
		}
	}
	if layout.Rows() != 11 || layout.Size() != 0x100 || layout.Row(regStatus).Size != 4 {
		t.Error("the table lost something")
	}
}

func TestBadTables(t *testing.T) {
	for _, tc := range []struct {
		name string
		size uint64
		rows []Row[int]
	}{
		{"overlap", 16, []Row[int]{{Off: 0}, {Off: 2}}},
		{"beyond the block", 16, []Row[int]{{Off: 14}}},
		{"array beyond the block", 16, []Row[int]{{Off: 8, Count: 3}}},
		{"odd size", 16, []Row[int]{{Off: 0, Size: 3}}},
		{"stride", 16, []Row[int]{{Off: 0, Count: 2, Stride: 2}}},
		{"bits", 16, []Row[int]{{Off: 0, Size: 1, Write: 0x100}}},
		{"both written and cleared", 16, []Row[int]{{Off: 0, Write: 3, W1C: 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			NewTable(tc.size, tc.rows)
		})
	}
}
