package catalog

import (
	"encoding/json"
	"math"
	"slices"
	"sort"

	"github.com/qomd/qomd/devices/catalog/format"
)

// Property is one property of a QOM type as QEMU describes it.
type Property struct {
	// Name is the property's name, "addr" for instance.
	Name string

	// Type is QEMU's own type string: "uint32", "str", "OnOffAuto",
	// "link<bus>", "child<base-xhci>", ...
	Type string

	// HasDefault tells whether QEMU reports a default value; Default is it:
	// bool, int64, uint64 (only above the range of int64), float64, string,
	// or an empty []any. It is nil when there is none.
	HasDefault bool
	Default    any

	// Device marks a property that device-list-properties reports as well.
	// QEMU leaves out what every device has: type, realized, hotpluggable,
	// hotplugged and parent_bus (7.2 also leaves out "legacy-" ones).
	Device bool
}

// property decodes record id of the table of distinct properties.
func (c *Catalog) property(id int) Property {
	cur := c.props.At(id)
	p := Property{Name: c.str(&cur), Type: c.str(&cur), HasDefault: true}
	switch cur.Uint() {
	case format.DefaultFalse:
		p.Default = false
	case format.DefaultTrue:
		p.Default = true
	case format.DefaultInt:
		p.Default = cur.Int()
	case format.DefaultUint:
		p.Default = cur.Uint()
	case format.DefaultFloat:
		p.Default = math.Float64frombits(cur.Uint())
	case format.DefaultString:
		p.Default = c.str(&cur)
	case format.DefaultList:
		p.Default = []any{}
	case format.DefaultJSON:
		var v any
		if json.Unmarshal([]byte(c.str(&cur)), &v) == nil {
			p.Default = v
		}
	default:
		p.HasDefault = false
	}
	return p
}

// propertyName is the name alone, which is what lists are ordered by.
func (c *Catalog) propertyName(id int) string {
	cur := c.props.At(id)
	return c.str(&cur)
}

// list returns the property ids of a list, ordered by name. A list is stored
// as its difference to an earlier one: most types differ from their parent,
// and CPU models from each other, in a few properties only.
func (c *Catalog) list(id int) []int {
	cur := c.lists.At(id)
	base := cur.Ref(c.lists.Len())
	// Bases come before the lists built on them, which also makes a damaged
	// file unable to send us round in circles.
	var ids []int
	if base >= 0 && base < id {
		ids = c.list(base)
	}
	removed := c.strs(&cur)
	added := make([]int, cur.Count())
	for i := range added {
		added[i] = cur.Ref(c.props.Len())
	}
	return c.change(ids, removed, added)
}

// change applies a difference in place: the removed names go, added properties
// come in or replace those of the same name. Differences are short and lists
// long, so each place is searched for instead of walking the list.
func (c *Catalog) change(ids []int, removed []string, added []int) []int {
	if len(ids) == 0 {
		return added
	}
	ids = slices.Grow(ids, len(added))
	place := func(name string) (int, bool) {
		i := sort.Search(len(ids), func(i int) bool { return c.propertyName(ids[i]) >= name })
		return i, i < len(ids) && c.propertyName(ids[i]) == name
	}
	for _, name := range removed {
		if i, ok := place(name); ok {
			ids = slices.Delete(ids, i, i+1)
		}
	}
	for _, id := range added {
		if i, ok := place(c.propertyName(id)); ok {
			ids[i] = id
		} else {
			ids = slices.Insert(ids, i, id)
		}
	}
	return ids
}

// decode turns ids into properties; those of device are marked.
func (c *Catalog) decode(ids, device []int) []Property {
	out := make([]Property, len(ids))
	for i, id := range ids {
		out[i] = c.property(id)
		// Most often both lists hold the very same property, and comparing
		// numbers is enough; 7.2 differs in the defaults.
		for len(device) > 0 && device[0] != id && c.propertyName(device[0]) < out[i].Name {
			device = device[1:]
		}
		out[i].Device = len(device) > 0 && (device[0] == id || c.propertyName(device[0]) == out[i].Name)
	}
	return out
}

// typeRecord is the stored form of a type.
type typeRecord struct {
	name             string
	flags            uint64
	parents, ifaces  []string
	list, deviceList int
	unknown, devErr  string
}

func (c *Catalog) record(i int) typeRecord {
	cur := c.types.At(i)
	return typeRecord{
		name:       c.str(&cur),
		flags:      cur.Uint(),
		parents:    c.strs(&cur),
		ifaces:     c.strs(&cur),
		list:       cur.Ref(c.lists.Len()),
		deviceList: cur.Ref(c.lists.Len()),
		unknown:    c.str(&cur),
		devErr:     c.str(&cur),
	}
}

func (c *Catalog) typeName(i int) string {
	cur := c.types.At(i)
	return c.str(&cur)
}
