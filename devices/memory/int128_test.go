package memory

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func (a int128) big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(a.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(a.lo))
}

func TestInt128(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) int128 {
		// Far from the limits, as addresses, offsets and sizes are.
		return int128{rapid.Int64Range(-8, 8).Draw(t, "hi"), rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 2),
			rapid.Uint64Range(math.MaxUint64-2, math.MaxUint64)).Draw(t, "lo")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if got, want := a.add(b).big(), new(big.Int).Add(a.big(), b.big()); got.Cmp(want) != 0 {
			t.Errorf("sum %v, want %v", got, want)
		}
		if got, want := a.sub(b).big(), new(big.Int).Sub(a.big(), b.big()); got.Cmp(want) != 0 {
			t.Errorf("difference %v, want %v", got, want)
		}
		if got, want := a.cmp(b), a.big().Cmp(b.big()); got != want {
			t.Errorf("comparison %d, want %d", got, want)
		}
		low, high := min128(a, b), max128(a, b)
		if high.less(low) || low.add(high) != a.add(b) {
			t.Errorf("minimum %v, maximum %v", low, high)
		}
	})
	for _, n := range []uint64{0, 1, 1 << 63, math.MaxUint64 - 1, math.MaxUint64} {
		if got := wideSize(n).size64(); got != n {
			t.Errorf("size %#x came back as %#x", n, got)
		}
	}
}
