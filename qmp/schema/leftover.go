package schema

import "github.com/qomd/qomd/qmp/qjson"

// firstLeft returns the member of o that QEMU names as unexpected when those in
// seen have been visited. QEMU puts all members into a GHashTable, takes the
// visited ones out, and names the first one it meets in what is left. With more
// than one left that depends on the table, which is therefore played through.
func firstLeft(o *qjson.Object, seen []string) string {
	t := newGHash()
	for name := range o.Hashed() {
		t.insert(name)
	}
	for _, name := range seen {
		t.remove(name)
	}
	return t.first()
}

// ghash is GLib's hash table of strings as far as the places of its entries go:
// open addressing with growing steps, tombstones, sizes that are powers of two
// and primes just below for the first try.
type ghash struct {
	nodes    []ghashNode
	live     int // entries
	occupied int // entries and tombstones
}

type ghashNode struct {
	key   string
	hash  uint32
	state byte
}

const (
	unused byte = iota
	tombstone
	used
)

const ghashMinShift = 3

// ghashPrimes is the largest prime below each power of two GLib uses (by shift).
var ghashPrimes = [...]uint32{1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381,
	32749, 65521, 131071, 262139, 524287, 1048573, 2097143, 4194301}

func newGHash() *ghash { return &ghash{nodes: make([]ghashNode, 1<<ghashMinShift)} }

// ghashOf is g_str_hash() with the two values GLib reserves mapped away.
func ghashOf(key string) uint32 {
	h := uint32(5381)
	for i := 0; i < len(key); i++ {
		h = h*33 + uint32(int32(int8(key[i])))
	}
	return max(h, 2)
}

// home is the first place to look for a hash in a table of the given size.
func home(hash uint32, size int) int {
	shift := 0
	for 1<<shift < size {
		shift++
	}
	return int(hash * 11 % ghashPrimes[min(shift, len(ghashPrimes)-1)])
}

// find returns the place of key, or where to put it: the first tombstone on the
// way, else the first unused place.
func (t *ghash) find(key string, hash uint32) int {
	i, free := home(hash, len(t.nodes)), -1
	for jump := 1; t.nodes[i].state != unused; jump++ {
		n := &t.nodes[i]
		if n.state == used && n.hash == hash && n.key == key {
			return i
		}
		if n.state == tombstone && free < 0 {
			free = i
		}
		i = (i + jump) & (len(t.nodes) - 1)
	}
	if free >= 0 {
		return free
	}
	return i
}

func (t *ghash) insert(key string) {
	hash := ghashOf(key)
	n := &t.nodes[t.find(key, hash)]
	fresh := n.state == unused
	*n = ghashNode{key, hash, used}
	t.live++
	if fresh {
		t.occupied++
		t.fit()
	}
}

func (t *ghash) remove(key string) {
	n := &t.nodes[t.find(key, ghashOf(key))]
	if n.state != used || n.key != key {
		return
	}
	*n = ghashNode{state: tombstone}
	t.live--
	t.fit()
}

// first returns the entry that is met first, empty when there is none.
func (t *ghash) first() string {
	for _, n := range t.nodes {
		if n.state == used {
			return n.key
		}
	}
	return ""
}

// fit resizes a table that is too full or too empty.
func (t *ghash) fit() {
	size := len(t.nodes)
	if !(size > t.live*4 && size > 1<<ghashMinShift) && size > t.occupied+t.occupied/16 {
		return
	}
	shift := 0
	for n := int(float64(t.live) * 1.333); n > 0; n >>= 1 {
		shift++
	}
	t.resize(1 << max(shift, ghashMinShift))
}

// resize moves the entries to their new places within the same array, as GLib
// does: an entry may push out one that has not moved yet, which moves next.
func (t *ghash) resize(size int) {
	old := len(t.nodes)
	nodes := make([]ghashNode, max(size, old))
	copy(nodes, t.nodes)
	settled := make([]bool, size)
	for i := range old {
		n := nodes[i]
		if n.state != used {
			nodes[i] = ghashNode{}
			continue
		}
		if i < size && settled[i] {
			continue
		}
		nodes[i] = ghashNode{}
		for n.state == used {
			place := home(n.hash, size)
			for jump := 1; settled[place]; jump++ {
				place = (place + jump) & (size - 1)
			}
			settled[place] = true
			n, nodes[place] = nodes[place], n
		}
	}
	t.nodes, t.occupied = nodes[:size], t.live
}
