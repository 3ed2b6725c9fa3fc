package memory

import (
	"cmp"
	"math"
	"math/bits"
)

// int128 is a signed number wide enough for an address minus an offset, and
// for the size 2^64 of a region that covers everything.
type int128 struct {
	hi int64
	lo uint64
}

var one128 = int128{0, 1}

func wide(n uint64) int128 { return int128{0, n} }

// wideSize reads a size as QEMU's functions take it: the largest number stands
// for 2^64.
func wideSize(n uint64) int128 {
	if n == math.MaxUint64 {
		return int128{1, 0}
	}
	return wide(n)
}

func (a int128) add(b int128) int128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	return int128{a.hi + b.hi + int64(carry), lo}
}

func (a int128) sub(b int128) int128 {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	return int128{a.hi - b.hi - int64(borrow), lo}
}

func (a int128) cmp(b int128) int {
	if c := cmp.Compare(a.hi, b.hi); c != 0 {
		return c
	}
	return cmp.Compare(a.lo, b.lo)
}

func (a int128) less(b int128) bool { return a.cmp(b) < 0 }

func min128(a, b int128) int128 {
	if b.less(a) {
		return b
	}
	return a
}

func max128(a, b int128) int128 {
	if a.less(b) {
		return b
	}
	return a
}

// size64 is the inverse of wideSize.
func (a int128) size64() uint64 {
	if a.hi > 0 {
		return math.MaxUint64
	}
	return a.lo
}
