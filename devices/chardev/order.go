package chardev

// hashOrder keeps names in the order in which QEMU lists them: that of GLib's
// GHashTable with g_str_hash, in which QOM keeps the children of a container.
// It depends on the names and on what came and went before. The zero value is
// empty.
type hashOrder struct {
	slots    []hashSlot
	names    int // in the table
	occupied int // slots with a name or a tombstone
}

// hashSlot is a place of the table; its hash is a number from firstReal on, or
// one of the two others.
type hashSlot struct {
	hash uint32
	name string
}

const (
	unused    = 0
	tombstone = 1 // a name was here
	firstReal = 2

	minShift = 3 // of the table's size, a power of two
)

// primes are what hashes are taken modulo, for sizes of 2^0, 2^1, ….
var primes = [...]uint32{1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521,
	131071, 262139, 524287, 1048573}

// stringHash is g_str_hash, of Bernstein.
func stringHash(s string) uint32 {
	h := uint32(5381)
	for i := range len(s) {
		h = h*33 + uint32(int8(s[i]))
	}
	return max(h, firstReal)
}

// index is where the search for a hash begins.
func (t *hashOrder) index(hash uint32) uint32 {
	shift := 0
	for 1<<shift < len(t.slots) {
		shift++
	}
	return hash * 11 % primes[min(shift, len(primes)-1)]
}

// find returns the slot of a name, or the one it would go to.
func (t *hashOrder) find(name string, hash uint32) uint32 {
	mask := uint32(len(t.slots) - 1)
	free, found := uint32(0), false
	i := t.index(hash)
	for step := uint32(1); t.slots[i].hash != unused; step++ {
		switch {
		case t.slots[i].hash == hash && t.slots[i].name == name:
			return i
		case t.slots[i].hash == tombstone && !found:
			free, found = i, true
		}
		i = (i + step) & mask
	}
	if found {
		return free
	}
	return i
}

// insert adds a name that is not there.
func (t *hashOrder) insert(name string) {
	if t.slots == nil {
		t.slots = make([]hashSlot, 1<<minShift)
	}
	hash := stringHash(name)
	i := t.find(name, hash)
	fresh := t.slots[i].hash == unused
	t.slots[i] = hashSlot{hash, name}
	t.names++
	if fresh {
		t.occupied++
		t.fit()
	}
}

// remove takes a name out that is there.
func (t *hashOrder) remove(name string) {
	t.slots[t.find(name, stringHash(name))] = hashSlot{hash: tombstone}
	t.names--
	t.fit()
}

// fit resizes a table that has become too small, too large, or full of
// tombstones.
func (t *hashOrder) fit() {
	size := len(t.slots)
	if size > t.names*4 && size > 1<<minShift || size <= t.occupied+t.occupied/16 {
		t.resize()
	}
}

// resize moves the names in place, each pushing out the one whose slot it
// takes.
func (t *hashOrder) resize() {
	shift := 0
	for n := int(float64(t.names) * 1.333); n > 0; n >>= 1 {
		shift++
	}
	old, size := len(t.slots), 1<<max(shift, minShift)
	all := make([]hashSlot, max(old, size))
	copy(all, t.slots)
	t.slots = all[:size]
	settled := make([]bool, len(all))
	for i := range old {
		moving := all[i]
		switch {
		case moving.hash < firstReal:
			all[i] = hashSlot{}
			continue
		case settled[i]:
			continue
		}
		all[i] = hashSlot{}
		for moving.hash >= firstReal {
			j := t.index(moving.hash)
			for step := uint32(1); settled[j]; step++ {
				j = (j + step) & uint32(size-1)
			}
			settled[j] = true
			all[j], moving = moving, all[j]
		}
	}
	t.slots = append([]hashSlot(nil), all[:size]...)
	t.occupied = t.names
}

// list returns the names, last slot first, which is how QEMU's queries come to
// list them.
func (t *hashOrder) list() []string {
	names := make([]string, 0, t.names)
	for i := len(t.slots) - 1; i >= 0; i-- {
		if t.slots[i].hash >= firstReal {
			names = append(names, t.slots[i].name)
		}
	}
	return names
}
