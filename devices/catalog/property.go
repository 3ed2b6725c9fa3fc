package catalog

import (
	"encoding/json"
	"math"

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

// propertyName is the name alone.
func (c *Catalog) propertyName(id int) string {
	cur := c.props.At(id)
	return c.str(&cur)
}

// list returns the property ids of a list, ordered. Distinct properties are
// numbered by name, so that is the order of names as well. A list is stored as
// its difference to an earlier one: most types differ from their parent, and
// CPU models from each other, in a few properties only.
func (c *Catalog) list(id int) []int {
	cur := c.lists.At(id)
	base := cur.Ref(c.lists.Len())
	// Bases come before the lists built on them, which also makes a damaged
	// file unable to send us round in circles.
	var ids []int
	if base >= 0 && base < id {
		ids = c.list(base)
	}
	removed := c.ids(&cur)
	added := c.ids(&cur)
	if len(ids) == 0 {
		return added
	}
	if len(removed) == 0 && len(added) == 0 {
		return ids
	}
	out := make([]int, 0, len(ids)+len(added))
	for _, have := range ids {
		for len(added) > 0 && added[0] < have {
			out = append(out, added[0])
			added = added[1:]
		}
		if len(removed) > 0 && removed[0] == have {
			removed = removed[1:]
			continue
		}
		out = append(out, have)
	}
	return append(out, added...)
}

// ids reads a counted list of ascending numbers, each stored as its distance
// from the one before.
func (c *Catalog) ids(cur *format.Cursor) []int {
	out := make([]int, cur.Count())
	last := -1
	for i := range out {
		// A damaged file cannot get beyond the table: -1 names no property.
		if step := cur.Uint(); step < uint64(c.props.Len()-last) {
			last += int(step)
		}
		out[i] = last
	}
	return out
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
