package build

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/qomd/qomd/devices/catalog"
)

// Compare tells how a catalog differs from another one, a line for each piece:
// "type usb-kbd: property bus: ...". JSON is compared by its values, so that the
// order of members does not count.
func Compare(want, got *catalog.Catalog) []string {
	d := &differences{want: want, got: got}
	d.is("version", want.Version(), got.Version())
	d.names("command", want.Commands(), got.Commands())
	d.names("event", want.Events(), got.Events())
	d.names("human command", want.HMPCommands(), got.HMPCommands())
	d.options()
	d.types()
	d.machines()
	for _, s := range []struct {
		name string
		key  []string
		json func(*catalog.Catalog) ([]byte, error)
	}{
		{"schema", []string{"meta-type", "name"}, (*catalog.Catalog).SchemaJSON},
		{"CPU model", []string{"name"}, func(c *catalog.Catalog) ([]byte, error) { return json.Marshal(c.CPUDefinitions()) }},
		{"CPU model expansion", []string{"model", "type"}, func(c *catalog.Catalog) ([]byte, error) { return json.Marshal(c.CPUModelExpansion()) }},
		{"option group", []string{"option"}, func(c *catalog.Catalog) ([]byte, error) { return json.Marshal(c.OptionGroups()) }},
		{"processors of", []string{"machine"}, (*catalog.Catalog).CPUSlotsJSON},
	} {
		d.section(s.name, s.key, s.json)
	}
	return d.list
}

type differences struct {
	want, got *catalog.Catalog
	list      []string
}

func (d *differences) add(format string, args ...any) {
	d.list = append(d.list, fmt.Sprintf(format, args...))
}

// is compares two values.
func (d *differences) is(what string, want, got any) {
	if !reflect.DeepEqual(want, got) {
		d.add("%s: %s, want %s", what, short(got), short(want))
	}
}

// short prints a value, but not pages of it.
func short(v any) string {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(b)
	}
	if len(text) > 200 {
		return text[:200] + "..."
	}
	return text
}

// names compares lists of names.
func (d *differences) names(what string, want, got []string) {
	keyed(d, what, want, got, func(s string) string { return s }, nil)
}

// keyed compares lists of things by their keys, and with same what both have.
func keyed[T any](d *differences, what string, want, got []T, key func(T) string, same func(what string, want, got T)) {
	wanted := map[string]T{}
	for _, w := range want {
		wanted[key(w)] = w
	}
	for _, g := range got {
		k := key(g)
		w, ok := wanted[k]
		switch {
		case !ok:
			d.add("%s %s: is too much", what, k)
		case same != nil:
			same(what+" "+k, w, g)
		}
		delete(wanted, k)
	}
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		d.add("%s %s: is missing", what, k)
	}
}

func (d *differences) options() {
	keyed(d, "option", d.want.Options(), d.got.Options(), func(o catalog.Option) string { return o.Name },
		func(what string, want, got catalog.Option) { d.is(what, want, got) })
}

func (d *differences) types() {
	want, got := slices.Collect(d.want.Types()), slices.Collect(d.got.Types())
	keyed(d, "type", want, got, func(s string) string { return s }, func(what, name, _ string) {
		w, _ := d.want.Type(name)
		g, _ := d.got.Type(name)
		d.properties(what, w.Properties, g.Properties)
		d.is(what+" without list", w.Unknown, g.Unknown)
		w.Properties, g.Properties, w.Unknown, g.Unknown = nil, nil, "", ""
		d.is(what, w, g)
		wantList, wantInstead := d.want.DeviceProperties(name)
		gotList, gotInstead := d.got.DeviceProperties(name)
		d.properties(what+" as device", wantList, gotList)
		d.is(what+" without device list", wantInstead, gotInstead)
		wantFacts, _ := d.want.Device(name)
		gotFacts, _ := d.got.Device(name)
		d.is(what+" plugged", wantFacts, gotFacts)
	})
}

func (d *differences) properties(what string, want, got []catalog.Property) {
	keyed(d, what+": property", want, got, func(p catalog.Property) string { return p.Name },
		func(what string, want, got catalog.Property) { d.is(what, want, got) })
}

func (d *differences) machines() {
	keyed(d, "machine", d.want.Machines(), d.got.Machines(), func(m catalog.Machine) string { return m.Name },
		func(what string, want, got catalog.Machine) {
			d.is(what, want, got)
			wantProps, wantTold := d.want.CompatProps(want.Name)
			gotProps, gotTold := d.got.CompatProps(got.Name)
			d.is(what+": are compatibility properties told", wantTold, gotTold)
			d.is(what+": compatibility properties", wantProps, gotProps)
		})
}

// section compares lists of JSON objects by the members that name them.
func (d *differences) section(what string, names []string, read func(*catalog.Catalog) ([]byte, error)) {
	type entry = map[string]any
	var want, got []entry
	for c, list := range map[*catalog.Catalog]*[]entry{d.want: &want, d.got: &got} {
		b, err := read(c)
		if err == nil {
			err = json.Unmarshal(b, list)
		}
		if err != nil {
			d.add("%s: %v", what, err)
			return
		}
	}
	key := func(e entry) string {
		k := fmt.Sprint(e[names[0]])
		for _, n := range names[1:] {
			k += " " + fmt.Sprint(e[n])
		}
		return k
	}
	keyed(d, what, want, got, key, func(what string, want, got entry) { d.is(what, want, got) })
}
