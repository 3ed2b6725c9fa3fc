package build

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/format"
)

// types packs all types and their property lists. Lists are stored as
// differences, so parents are packed before their children.
func (e *encoder) types(types []Type) error {
	if err := e.properties(types); err != nil {
		return err
	}
	index := map[string]int{}
	order := make([]int, len(types))
	for i, t := range types {
		index[t.Name] = i
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(types[a].Parents) - len(types[b].Parents) })

	qom, device := filled(len(types), -1), filled(len(types), -1)
	family := map[string][]int{} // lists of the types with one parent
	for _, i := range order {
		t := types[i]
		parent := -1
		if len(t.Parents) > 0 {
			p, ok := index[t.Parents[0]]
			if !ok {
				return fmt.Errorf("type %s: parent %s is not among the types", t.Name, t.Parents[0])
			}
			parent = p
		}
		near := slices.Clone(family[first(t.Parents)])
		if parent >= 0 {
			near = append(near, qom[parent], device[parent])
		}
		var err error
		if t.HasList {
			if qom[i], err = e.list(t.Properties, near); err != nil {
				return fmt.Errorf("type %s: %w", t.Name, err)
			}
		}
		if t.HasDevice {
			if device[i], err = e.list(t.Device, append(near, qom[i])); err != nil {
				return fmt.Errorf("type %s: %w", t.Name, err)
			}
		}
		// A few siblings are enough to differ from; the search for the
		// best base stays short.
		if len(family[first(t.Parents)]) < 16 {
			family[first(t.Parents)] = append(family[first(t.Parents)], qom[i], device[i])
		}
	}

	var records [][]byte
	for i, t := range types {
		var r format.Record
		e.str(&r, t.Name)
		r.Uint(bits(t.Abstract, t.Interface))
		e.strs(&r, t.Parents)
		e.strs(&r, t.Interfaces)
		r.Ref(qom[i])
		r.Ref(device[i])
		e.str(&r, t.Unknown)
		e.str(&r, t.DeviceUnknown)
		records = append(records, r)
	}
	e.w.Table(format.Types, records)
	return nil
}

// list packs a property list as its difference to that of the given lists
// which is nearest to it, and returns its number.
func (e *encoder) list(props []catalog.Property, near []int) (int, error) {
	ids := make([]int, 0, len(props))
	for _, p := range props {
		r, err := e.property(p)
		if err != nil {
			return 0, err
		}
		ids = append(ids, e.props[string(r)])
	}
	slices.Sort(ids)
	key := fmt.Sprint(ids)
	if id, ok := e.lists[key]; ok {
		return id, nil
	}
	base, removed, added := -1, []int(nil), ids
	for _, n := range near {
		if n < 0 {
			continue
		}
		if r, a := difference(e.listIDs[n], ids); len(r)+len(a) < len(removed)+len(added) {
			base, removed, added = n, r, a
		}
	}
	var r format.Record
	r.Ref(base)
	for _, list := range [][]int{removed, added} {
		r.Uint(uint64(len(list)))
		last := -1
		for _, id := range list {
			r.Uint(uint64(id - last))
			last = id
		}
	}
	id := len(e.listRecords)
	e.listRecords = append(e.listRecords, r)
	e.listIDs = append(e.listIDs, ids)
	e.lists[key] = id
	return id, nil
}

// properties numbers every distinct property by name, so that readers can
// merge lists by comparing numbers.
func (e *encoder) properties(types []Type) error {
	names := map[string]string{} // by record
	for _, t := range types {
		for _, list := range [][]catalog.Property{t.Properties, t.Device} {
			seen := map[string]bool{}
			for _, p := range list {
				if seen[p.Name] {
					return fmt.Errorf("type %s: property %s is listed twice", t.Name, p.Name)
				}
				seen[p.Name] = true
				r, err := e.property(p)
				if err != nil {
					return fmt.Errorf("type %s: %w", t.Name, err)
				}
				names[string(r)] = p.Name
			}
		}
	}
	order := slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(strings.Compare(names[a], names[b]), strings.Compare(a, b))
	})
	for id, record := range order {
		e.props[record] = id
		e.propRecords = append(e.propRecords, []byte(record))
	}
	return nil
}

// difference tells how to get from one ordered list to another.
func difference(from, to []int) (removed, added []int) {
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || len(from) > 0 && from[0] < to[0]:
			removed = append(removed, from[0])
			from = from[1:]
		case len(from) == 0 || to[0] < from[0]:
			added = append(added, to[0])
			to = to[1:]
		default:
			from, to = from[1:], to[1:]
		}
	}
	return removed, added
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func filled(n, v int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = v
	}
	return out
}
