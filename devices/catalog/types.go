package catalog

import (
	"iter"
	"slices"
	"sort"

	"github.com/qomd/qomd/devices/catalog/format"
)

// TypeFacts is what QEMU says about one QOM type. It is shared: do not modify
// what its slices refer to.
type TypeFacts struct {
	Name     string
	Abstract bool

	// IsInterface marks an interface type. QEMU gives no properties for
	// those.
	IsInterface bool

	// Parent is the nearest ancestor, "" for the roots "object" and
	// "interface"; Parents lists all ancestors, nearest first.
	Parent  string
	Parents []string

	// Interfaces lists every interface the type implements, inherited ones
	// included, in the catalog's order (by name).
	Interfaces []string

	// Properties is the answer to qom-list-properties, ordered by name. It is
	// nil when QEMU gave none; Unknown then holds what it gave instead, as
	// JSON: {"error": ...}, or {"crash": ...} when asking killed it.
	Properties []Property
	Unknown    string

	// IsDevice tells that the type is a concrete device, one that
	// device-list-properties answers for (see Catalog.DeviceProperties).
	IsDevice bool
}

// Property returns a property by name.
func (t TypeFacts) Property(name string) (Property, bool) {
	i := sort.Search(len(t.Properties), func(i int) bool { return t.Properties[i].Name >= name })
	if i < len(t.Properties) && t.Properties[i].Name == name {
		return t.Properties[i], true
	}
	return Property{}, false
}

// Implements tells whether the type is, descends from, or implements the named
// type.
func (t TypeFacts) Implements(name string) bool {
	return isA(t.Name, t.Parents, t.Interfaces, name)
}

// rootInterface is the ancestor of all interface types.
const rootInterface = "interface"

// isA is QEMU's dynamic cast. Its odd end: a type with interfaces is an
// "interface" only when it has exactly one, as several make the cast
// ambiguous, and QEMU refuses an ambiguous cast.
func isA(name string, parents, interfaces []string, target string) bool {
	return name == target || slices.Contains(parents, target) || slices.Contains(interfaces, target) ||
		target == rootInterface && len(interfaces) == 1
}

// find returns the index of a type, -1 when the catalog has none of that name.
func (c *Catalog) find(name string) int {
	i := sort.Search(c.types.Len(), func(i int) bool { return c.typeName(i) >= name })
	if i < c.types.Len() && c.typeName(i) == name {
		return i
	}
	return -1
}

// Has tells whether the catalog has a type of that name, which decodes nothing.
func (c *Catalog) Has(name string) bool { return c.find(name) >= 0 }

// Type returns the facts of a type. The first look-up of a type decodes it,
// which takes microseconds; later ones only find it.
func (c *Catalog) Type(name string) (TypeFacts, bool) {
	i := c.find(name)
	if i < 0 {
		return TypeFacts{}, false
	}
	return *c.typeAt(i), true
}

func (c *Catalog) typeAt(i int) *TypeFacts {
	if t := c.facts[i].Load(); t != nil {
		return t
	}
	r := c.record(i)
	t := &TypeFacts{
		Name:        r.name,
		Abstract:    r.flags&format.TypeAbstract != 0,
		IsInterface: r.flags&format.TypeInterface != 0,
		Parents:     r.parents,
		Interfaces:  r.ifaces,
		Unknown:     r.unknown,
		IsDevice:    r.deviceList >= 0 || r.devErr != "",
	}
	if len(r.parents) > 0 {
		t.Parent = r.parents[0]
	}
	if r.list >= 0 {
		var device []int
		if r.deviceList >= 0 {
			device = c.list(r.deviceList)
		}
		t.Properties = c.decode(c.list(r.list), device)
	}
	// The pointer stored first wins, so that everybody shares one copy.
	if !c.facts[i].CompareAndSwap(nil, t) {
		return c.facts[i].Load()
	}
	return t
}

// Types iterates over the names of all types in the catalog's order (by name).
func (c *Catalog) Types() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range c.types.Len() {
			if !yield(c.typeName(i)) {
				return
			}
		}
	}
}

// NumTypes is the number of types, abstract ones and interfaces included.
func (c *Catalog) NumTypes() int { return c.types.Len() }

// Implements tells whether a type is, descends from, or implements another. A
// type the catalog lacks implements nothing.
func (c *Catalog) Implements(name, ancestor string) bool {
	i := c.find(name)
	if i < 0 {
		return false
	}
	r := c.record(i)
	return isA(name, r.parents, r.ifaces, ancestor)
}

// TypeName is one entry of Subtypes.
type TypeName struct {
	Name, Parent string
	Abstract     bool
}

// Subtypes answers qom-list-types: the types that are or implement the named
// one, every type when it is "" (to qom-list-types an empty name differs from
// none: QEMU answers it with an empty list). Abstract types, to which interfaces belong,
// are left out unless asked for. The order is the catalog's; QEMU's own order
// is that of a hash table.
func (c *Catalog) Subtypes(implements string, abstract bool) []TypeName {
	var out []TypeName
	for i := range c.types.Len() {
		r := c.record(i)
		isAbstract := r.flags&format.TypeAbstract != 0
		if isAbstract && !abstract {
			continue
		}
		if implements != "" && !isA(r.name, r.parents, r.ifaces, implements) {
			continue
		}
		t := TypeName{Name: r.name, Abstract: isAbstract}
		if len(r.parents) > 0 {
			t.Parent = r.parents[0]
		}
		out = append(out, t)
	}
	return out
}

// Own returns the properties a type adds to those of its ancestors: names that
// none of their lists has. Declaring Own for every type of a chain declares
// each property once. A concrete type also adds what its abstract parents
// would only add to instances, because QEMU cannot make an instance of those.
func (c *Catalog) Own(name string) []Property {
	t, _ := c.Type(name)
	inherited := make([][]Property, len(t.Parents))
	for i, parent := range t.Parents {
		facts, _ := c.Type(parent)
		inherited[i] = facts.Properties
	}
	var out []Property
	for _, p := range t.Properties {
		known := false
		for i, list := range inherited { // all lists are ordered by name
			for len(list) > 0 && list[0].Name < p.Name {
				list = list[1:]
			}
			inherited[i] = list
			known = known || len(list) > 0 && list[0].Name == p.Name
		}
		if !known {
			out = append(out, p)
		}
	}
	return out
}

// Overrides returns the properties that a type shares with its parent by name
// but for which QEMU reports another type or default.
func (c *Catalog) Overrides(name string) []Property {
	t, _ := c.Type(name)
	parent, _ := c.Type(t.Parent)
	var out []Property
	for _, p := range t.Properties {
		q, in := parent.Property(p.Name)
		if in && (p.Type != q.Type || p.HasDefault != q.HasDefault || !sameDefault(p.Default, q.Default)) {
			out = append(out, p)
		}
	}
	return out
}

// Untold returns the properties of a device type for which only
// device-list-properties tells a default: all that have one, in 7.2.
func (c *Catalog) Untold(name string) []Property {
	t, _ := c.Type(name)
	list, _ := c.DeviceProperties(name)
	var out []Property
	for _, p := range list {
		if told, ok := t.Property(p.Name); p.HasDefault && ok && !told.HasDefault {
			out = append(out, p)
		}
	}
	return out
}

// sameDefault compares defaults; lists are the only ones that == cannot
// compare, and the only list QEMU reports is the empty one.
func sameDefault(a, b any) bool {
	_, aList := a.([]any)
	_, bList := b.([]any)
	if aList || bList {
		return aList && bList
	}
	return a == b
}

// DeviceProperties is the answer to device-list-properties for a concrete
// device type, ordered by name. It is nil for types that are none; unknown is
// what QEMU gave in place of a list, as in TypeFacts.Unknown. In 11.1 it is
// TypeFacts.Properties where Device is set; 7.2 reports defaults here that it
// leaves out there.
func (c *Catalog) DeviceProperties(name string) (list []Property, unknown string) {
	i := c.find(name)
	if i < 0 {
		return nil, ""
	}
	if p := c.deviceLists[i].Load(); p != nil {
		return *p, ""
	}
	r := c.record(i)
	if r.deviceList < 0 {
		return nil, r.devErr
	}
	ids := c.list(r.deviceList)
	list = c.decode(ids, ids)
	if !c.deviceLists[i].CompareAndSwap(nil, &list) {
		return *c.deviceLists[i].Load(), ""
	}
	return list, ""
}
