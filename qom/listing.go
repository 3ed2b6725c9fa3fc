package qom

import (
	"slices"

	"github.com/qomd/qomd/glib"
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
			if k.parent != nil && k.parent.Property(p.Name) != nil {
				continue // an ancestor's, redefined
			}
			switch p = o.class.Property(p.Name); {
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

// WalkHashed calls visit for everything below the object, parents first, in the
// order in which QEMU walks its tables of properties: the reverse of Listing.
func (o *Object) WalkHashed(visit func(*Object)) {
	for _, p := range slices.Backward(o.Listing()) {
		if c := o.Child(p.Name); c != nil {
			visit(c)
			c.WalkHashed(visit)
		}
	}
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

// places enters names in order into a table as QEMU has, and returns the slot of
// each.
func places(names []string) map[string]int {
	var t glib.HashTable
	for _, n := range names {
		t.Insert(n)
	}
	place := make(map[string]int, len(names))
	for i, n := range t.All() {
		place[n] = i
	}
	return place
}
