package dirtyrate

import (
	"hash/maphash"
	"math/rand/v2"

	"github.com/qomd/qomd/devices/memory"
)

// block is the memory of one region as it was.
type block struct {
	region  *memory.Region
	seed    maphash.Seed
	samples []sample
	sums    map[uint64]uint64 // of all pages by offset, nil where samples do; what is not here held zeros
}

type sample struct{ off, sum uint64 }

// smallest is the size from which on a block has samples taken, in bytes.
const smallest = 128 << 10

func newBlock(r *memory.Region, mode Mode, perGiB int64) block {
	b := block{region: r, seed: maphash.MakeSeed()}
	switch {
	case mode == Bitmap:
		b.sums = map[uint64]uint64{}
		for off, p := range r.Pages(0) {
			if !memory.IsZero(p) {
				b.sums[off] = maphash.Bytes(b.seed, p)
			}
		}
	case r.Size() >= smallest:
		for range r.Size() * uint64(perGiB) >> 30 {
			off := rand.Uint64N(r.Size()/memory.PageSize) * memory.PageSize
			b.samples = append(b.samples, sample{off, b.sum(off)})
		}
	}
	return b
}

func (b *block) sum(off uint64) uint64 {
	p := make([]byte, memory.PageSize)
	return maphash.Bytes(b.seed, p[:b.region.Dump(off, p)])
}

// changed counts the pages that differ now.
func (b *block) changed() (n uint64) {
	for _, s := range b.samples {
		if b.sum(s.off) != s.sum {
			n++
		}
	}
	if b.sums == nil {
		return n
	}
	for off, p := range b.region.Pages(0) {
		if sum, was := b.sums[off]; was && maphash.Bytes(b.seed, p) != sum || !was && !memory.IsZero(p) {
			n++
		}
	}
	return n
}
