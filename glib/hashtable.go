package glib

import (
	"iter"
	"math/bits"
)

// HashTable is a set of strings laid out as GLib's GHashTable lays out its
// entries: a power of two of slots; a key's first choice is its hash, times 11,
// modulo a prime below that power, and from a taken slot the search goes on in
// steps that grow by one. A key that is removed leaves a tombstone. The zero
// value is an empty table; the empty string is a key like any other.
type HashTable struct {
	slots    []slot
	live     int // keys
	occupied int // keys and tombstones
}

type slot struct {
	key   string
	hash  uint32
	state state
}

type state byte

const (
	unused state = iota
	tombstone
	used
)

// minShift is the logarithm of the smallest size.
const minShift = 3

// primes are the moduli for 2^0, 2^1, … slots; the last serves larger tables.
var primes = [...]uint32{1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381,
	32749, 65521, 131071, 262139, 524287, 1048573, 2097143, 4194301}

// Insert enters key, if it is not there yet.
func (t *HashTable) Insert(key string) {
	if t.slots == nil {
		t.slots = make([]slot, 1<<minShift)
	}
	h := hash(key)
	s := &t.slots[t.find(key, h)]
	if s.state == used {
		return
	}
	if s.state == unused {
		t.occupied++
	}
	*s = slot{key, h, used}
	t.live++
	t.fit()
}

// Remove takes key out, if it is there.
func (t *HashTable) Remove(key string) {
	if t.slots == nil {
		return
	}
	s := &t.slots[t.find(key, hash(key))]
	if s.state != used {
		return
	}
	*s = slot{state: tombstone}
	t.live--
	t.fit()
}

// All walks through the table, as GHashTableIter does: every key with the number
// of its slot.
func (t *HashTable) All() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := range t.slots {
			if s := &t.slots[i]; s.state == used && !yield(i, s.key) {
				return
			}
		}
	}
}

// First returns the key that a walk meets first, the empty string when there is
// none.
func (t *HashTable) First() string {
	for _, key := range t.All() {
		return key
	}
	return ""
}

// find returns the slot of key, or where to put it: the first tombstone on the
// way, else the unused slot at its end.
func (t *HashTable) find(key string, hash uint32) int {
	i, free := home(hash, len(t.slots)), -1
	for step := 1; t.slots[i].state != unused; step++ {
		switch s := &t.slots[i]; {
		case s.state == used && s.hash == hash && s.key == key:
			return i
		case s.state == tombstone && free < 0:
			free = i
		}
		i = (i + step) & (len(t.slots) - 1)
	}
	if free >= 0 {
		return free
	}
	return i
}

// fit resizes a table that is too full or too empty: to a third more than it
// holds.
func (t *HashTable) fit() {
	size := len(t.slots)
	tooEmpty := size > t.live*4 && size > 1<<minShift
	tooFull := size <= t.occupied+t.occupied/16
	if tooEmpty || tooFull {
		t.resize(1 << max(minShift, bits.Len(uint(float64(t.live)*1.333))))
	}
}

// resize moves the keys to their new slots within the same array. A key may push
// out one that has not moved yet, which is the next to move.
func (t *HashTable) resize(size int) {
	old := len(t.slots)
	slots := t.slots
	if size > old {
		slots = append(slots, make([]slot, size-old)...)
	}
	moved := make([]bool, size)
	for i := range old {
		if i < size && moved[i] {
			continue
		}
		s := slots[i]
		slots[i] = slot{}
		for s.state == used {
			to := home(s.hash, size)
			for step := 1; moved[to]; step++ {
				to = (to + step) & (size - 1)
			}
			moved[to] = true
			s, slots[to] = slots[to], s
		}
	}
	t.slots, t.occupied = slots[:size], t.live
}

// home is the first slot to look for a hash in a table of that many.
func home(hash uint32, size int) int {
	shift := bits.Len(uint(size)) - 1
	return int(hash * 11 % primes[min(shift, len(primes)-1)])
}

// hash is g_str_hash(): Bernstein's, with signed characters; 0 and 1 stand for
// slots without a key.
func hash(s string) uint32 {
	h := uint32(5381)
	for i := 0; i < len(s); i++ {
		h = h*33 + uint32(int8(s[i]))
	}
	return max(h, 2)
}
