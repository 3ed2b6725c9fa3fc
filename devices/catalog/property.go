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
	if len(removed) == 0 && len(added) == 0 {
		return ids
	}
	return c.merge(ids, removed, added)
}

// merge applies a difference: base without the removed names, and with the
// added properties, which replace those of the same name. All are ordered.
func (c *Catalog) merge(base []int, removed []string, added []int) []int {
	out := make([]int, 0, len(base)+len(added))
	for len(base) > 0 || len(added) > 0 {
		if len(base) == 0 {
			return append(out, added...)
		}
		name := c.propertyName(base[0])
		for len(removed) > 0 && removed[0] < name {
			removed = removed[1:]
		}
		gone := len(removed) > 0 && removed[0] == name
		if len(added) > 0 {
			if next := c.propertyName(added[0]); next <= name {
				out = append(out, added[0])
				added = added[1:]
				if next == name {
					base = base[1:]
				}
				continue
			}
		}
		if !gone {
			out = append(out, base[0])
		}
		base = base[1:]
	}
	return out
}

// decode turns ids into properties; those of device are marked.
func (c *Catalog) decode(ids, device []int) []Property {
	out := make([]Property, len(ids))
	for i, id := range ids {
		out[i] = c.property(id)
		for len(device) > 0 && c.propertyName(device[0]) < out[i].Name {
			device = device[1:]
		}
		out[i].Device = len(device) > 0 && c.propertyName(device[0]) == out[i].Name
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
