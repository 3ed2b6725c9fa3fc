package memory

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The oracle: the offsets that were written.
func TestPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]uint64{1, pageSize, 65 * pageSize, 1 << 30, 1<<40 + 5, 1 << 63}).Draw(t, "size")
		m := newRAM(wide(size))
		var want []uint64
		for range rapid.IntRange(0, 20).Draw(t, "writes") {
			off := rapid.Uint64Range(0, size-1).Draw(t, "off")
			m.write(off, []byte{1})
			want = append(want, off&^(pageSize-1))
		}
		slices.Sort(want)
		want = slices.Compact(want)
		from := rapid.Uint64Range(0, size-1).Draw(t, "from") &^ (pageSize - 1)
		want = slices.DeleteFunc(want, func(off uint64) bool { return off < from })
		var got []uint64
		r := Region{ram: m, size: wide(size)}
		for off, p := range r.Pages(from) {
			if uint64(len(p)) > size-off {
				t.Fatalf("%d bytes at %#x of %#x", len(p), off, size)
			}
			got = append(got, off)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%#x, want %#x", got, want)
		}
	})
}
