package guest

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRoom gives out pieces and takes them back in any order: they never
// overlap, lie inside, and are aligned to their size.
func TestRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := room{from: 0xe0000000, to: 0xe0100000}
		given := map[uint16][]span{}
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				owner := rapid.Uint16Range(0, 7).Draw(t, "owner")
				size := uint64(1) << rapid.IntRange(4, 21).Draw(t, "size")
				at, ok := r.take(size, owner)
				if !ok {
					return
				}
				if at%size != 0 || at < r.from || at+size > r.to {
					t.Fatalf("0x%x bytes at 0x%x", size, at)
				}
				for _, list := range given {
					for _, s := range list {
						if at < s.to && s.from < at+size {
							t.Fatalf("0x%x bytes at 0x%x overlap 0x%x-0x%x", size, at, s.from, s.to)
						}
					}
				}
				given[owner] = append(given[owner], span{at, at + size, owner})
			},
			"free": func(t *rapid.T) {
				owner := rapid.Uint16Range(0, 7).Draw(t, "owner")
				r.free(owner)
				delete(given, owner)
			},
		})
		for owner := range given {
			r.free(owner)
		}
		if _, ok := r.take(1<<20, 0); !ok {
			t.Fatal("an empty room has no room")
		}
	})
}
