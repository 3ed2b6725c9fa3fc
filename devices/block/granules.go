package block

import (
	"math/bits"
	"slices"
)

// granules is a set of equal parts of an image.
type granules struct {
	size  int64 // of one, in bytes; a power of two
	words []uint64
	count int64 // of those in the set
}

func newGranules(length, size int64) *granules {
	return &granules{size: size, words: make([]uint64, (length+64*size-1)/(64*size))}
}

// add adds what a range touches.
func (s *granules) add(off, n int64) {
	for g := off / s.size; n > 0 && g <= (off+n-1)/s.size; g++ {
		if g/64 >= int64(len(s.words)) {
			s.words = append(s.words, make([]uint64, g/64+1-int64(len(s.words)))...)
		}
		if s.words[g/64]&(1<<(g%64)) == 0 {
			s.words[g/64] |= 1 << (g % 64)
			s.count++
		}
	}
}

// remove removes what a range touches.
func (s *granules) remove(off, n int64) {
	for g := off / s.size; n > 0 && g <= (off+n-1)/s.size && g/64 < int64(len(s.words)); g++ {
		if s.words[g/64]&(1<<(g%64)) != 0 {
			s.words[g/64] &^= 1 << (g % 64)
			s.count--
		}
	}
}

// has reports whether the part at an offset is in the set.
func (s *granules) has(off int64) bool {
	g := off / s.size
	return g/64 < int64(len(s.words)) && s.words[g/64]&(1<<(g%64)) != 0
}

// next returns the first range of the set from an offset on, of at most so many
// bytes; ok is false when there is none.
func (s *granules) next(from, most int64) (off, n int64, ok bool) {
	g := from / s.size
	for w := g / 64; w < int64(len(s.words)); w++ {
		word := s.words[w]
		if w == g/64 {
			word &= ^uint64(0) << (g % 64)
		}
		if word != 0 {
			off = (w*64 + int64(bits.TrailingZeros64(word))) * s.size
			for n = s.size; n+s.size <= most && s.has(off+n); n += s.size {
			}
			return off, n, true
		}
	}
	return 0, 0, false
}

func (s *granules) clone() *granules {
	return &granules{size: s.size, words: slices.Clone(s.words), count: s.count}
}

// merge adds what another set has, whose parts may be of another size.
func (s *granules) merge(from *granules) {
	for off, n, ok := from.next(0, 1<<30); ok; off, n, ok = from.next(off+n, 1<<30) {
		s.add(off, n)
	}
}
