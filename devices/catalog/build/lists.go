package build

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/format"
)

// types packs all types and their property lists. Lists are stored as
// differences, so parents are packed before their children.
func (e *encoder) types(types []Type) error {
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
	entries := make([]entry, 0, len(props))
	for _, p := range props {
		id, err := e.property(p)
		if err != nil {
			return 0, err
		}
		entries = append(entries, entry{p.Name, id})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			return 0, fmt.Errorf("property %s is listed twice", entries[i].name)
		}
	}
	key := fmt.Sprint(entries)
	if id, ok := e.lists[key]; ok {
		return id, nil
	}
	base, removed, added := -1, []string(nil), entries
	for _, n := range near {
		if n < 0 {
			continue
		}
		if r, a := difference(e.listEntries[n], entries); len(r)+len(a) < len(removed)+len(added) {
			base, removed, added = n, r, a
		}
	}
	var r format.Record
	r.Ref(base)
	e.strs(&r, removed)
	r.Uint(uint64(len(added)))
	for _, a := range added {
		r.Ref(a.id)
	}
	id := len(e.listRecords)
	e.listRecords = append(e.listRecords, r)
	e.listEntries = append(e.listEntries, entries)
	e.lists[key] = id
	return id, nil
}

// difference tells how to get from one ordered list to another: names that go
// and entries that come or change.
func difference(from, to []entry) (removed []string, added []entry) {
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || len(from) > 0 && from[0].name < to[0].name:
			removed = append(removed, from[0].name)
			from = from[1:]
		case len(from) == 0 || to[0].name < from[0].name:
			added = append(added, to[0])
			to = to[1:]
		default:
			if from[0].id != to[0].id {
				added = append(added, to[0])
			}
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
