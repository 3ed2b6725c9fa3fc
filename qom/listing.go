package qom

import (
	"math/bits"
	"slices"
)

// Listing returns the properties of the object in the order in which QEMU tells
// them: those of the ancestors' classes first, the object's own last, and within
// each lot the reverse of the order in which QEMU's hash table of them is walked.
func (o *Object) Listing() []*Property {
	var list, last []*Property
	from := 0
	lot := func() {
		slices.SortFunc(list[from:], byHash(list[from:]))
		from = len(list)
	}
	var buf [8]*Class
	for _, k := range o.class.chain(buf[:0]) {
		for _, p := range k.own {
			if k.parent != nil && k.parent.index[p.Name] != nil {
				continue // an ancestor's, redefined
			}
			switch p = o.class.index[p.Name]; {
			case o.replaced(p):
			case p.PerObject:
				last = append(last, p)
			default:
				list = append(list, p)
			}
		}
		lot()
	}
	list = append(list, last...)
	for p := range o.ownProperties() {
		list = append(list, p)
	}
	lot()
	return list
}

// byHash compares properties by their place in the table that holds them all,
// the last place first.
func byHash(list []*Property) func(a, b *Property) int {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Name
	}
	place := places(names)
	return func(a, b *Property) int { return place[b.Name] - place[a.Name] }
}

// ListedChildren returns the children in the order in which QEMU's queries list
// them, which is that of Listing.
func (o *Object) ListedChildren() []*Object {
	list := slices.Clone(o.Children())
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name()
	}
	place := places(names)
	slices.SortFunc(list, func(a, b *Object) int { return place[b.Name()] - place[a.Name()] })
	return list
}

// ListingOrder returns, for each type, a number by which QEMU's lists of types
// are sorted. QEMU enters types in the order in which it was linked, which nobody
// knows: where two want the same place of its table, the order may be another.
func (t *Types) ListingOrder() map[string]int {
	names := t.Names()
	if t.source != nil {
		names = t.source.Names()
	}
	place := places(slices.Collect(names))
	for name, i := range place {
		place[name] = -i
	}
	return place
}

// table is a hash table of strings as GLib's GHashTable lays them out, which
// QEMU walks wherever it lists properties or types: the order is seen by
// clients. It has a power of two of slots; a name's first choice is its hash
// modulo a prime below that, and from a taken slot the search goes on in steps
// that grow by one.
type table struct {
	slots []string // "": empty
	names int
}

// primes are the moduli for 2^3 to 2^15 slots.
var primes = [...]uint32{7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749}

// minShift is the logarithm of the smallest size.
const minShift = 3

// places enters names in order and returns the slot of each.
func places(names []string) map[string]int {
	t := table{slots: make([]string, 1<<minShift)}
	for _, n := range names {
		t.insert(n)
	}
	place := make(map[string]int, len(names))
	for i, n := range t.slots {
		if n != "" {
			place[n] = i
		}
	}
	return place
}

func (t *table) insert(name string) {
	t.slots[t.search(name, func(i int) bool { return t.slots[i] == "" })] = name
	t.names++
	if len(t.slots) <= t.names+t.names/16 {
		t.grow()
	}
}

// search returns the first slot in a name's sequence that is free.
func (t *table) search(name string, free func(int) bool) int {
	shift := bits.Len(uint(len(t.slots))) - 1
	i := int(hash(name) * 11 % primes[min(shift-minShift, len(primes)-1)])
	for step := 1; !free(i); step++ {
		i = (i + step) % len(t.slots)
	}
	return i
}

// grow makes room for a third more names. Each name moves to its new slot and
// pushes out one that has not moved yet, which is the next to move.
func (t *table) grow() {
	old := len(t.slots)
	size := 1 << max(minShift, bits.Len(uint(float64(t.names)*1.333)))
	t.slots = append(t.slots, make([]string, size-old)...)
	moved := make([]bool, size)
	for i := range old {
		if moved[i] {
			continue
		}
		name := t.slots[i]
		t.slots[i] = ""
		for name != "" {
			to := t.search(name, func(i int) bool { return !moved[i] })
			name, t.slots[to] = t.slots[to], name
			moved[to] = true
		}
	}
}

// hash is GLib's hash of a string: Bernstein's, with signed characters.
func hash(s string) uint32 {
	h := uint32(5381)
	for _, c := range []byte(s) {
		h = h*33 + uint32(int8(c))
	}
	return max(h, 2) // 0 and 1 mark slots without a name
}
