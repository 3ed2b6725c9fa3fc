package hmp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// categories are the headings of the list of devices, in QEMU's order.
var categories = []string{
	"Controller/Bridge/Hub", "USB", "Storage", "Network", "Input", "Display", "Sound", "Misc", "CPU", "Watchdog", "Uncategorized",
}

// deviceHelp lists the devices there are, or the properties of the one named.
func (r *run) deviceHelp(o *options) {
	driver, named := o.pairs.Get("driver")
	if !named || driver == "help" || driver == "?" {
		r.listDevices(false)
		return
	}
	cat := r.h.m.Options().Catalog
	name := driver.(string)
	if real := cat.DeviceByAlias(name); real != "" {
		name = real
	}
	if _, err := r.query("device-list-properties", qjson.Member{Name: "typename", Value: name}); err != nil {
		r.printf("%s\n", err)
		return
	}
	props, _ := cat.DeviceProperties(name)
	r.printf("%s", PropertyHelp(name, props))
}

// PropertyHelp lists the properties of a type as "help" on it does.
func PropertyHelp(name string, props []catalog.Property) string {
	if len(props) == 0 {
		return fmt.Sprintf("There are no options for %s.\n", name)
	}
	lines := make([]string, len(props))
	for i, p := range props {
		lines[i] = propertyHelp(p) + "\n"
	}
	slices.Sort(lines) // the lines, not the names: "a-b=" stands before "a="
	return fmt.Sprintf("%s options:\n%s", name, strings.Join(lines, ""))
}

// propertyHelp is one line on a property. QEMU describes some in prose, which
// catalogs do not carry; for booleans it is always the same.
func propertyHelp(p catalog.Property) string {
	line := fmt.Sprintf("  %s=<%s>", p.Name, p.Type)
	about := ""
	if p.Type == "bool" && p.HasDefault {
		about = "on/off"
	}
	if about == "" && !p.HasDefault {
		return line
	}
	line = fmt.Sprintf("%-24s - %s", line, about)
	if p.HasDefault {
		line += fmt.Sprintf(" (default: %s)", defaultText(p.Default))
	}
	return line
}

func defaultText(v any) string {
	switch v {
	case true:
		return "on"
	case false:
		return "off"
	}
	return plain(v)
}

// listDevices prints [DeviceList].
func (r *run) listDevices(all bool) { r.printf("%s", DeviceList(r.h.m.Options().Catalog, all)) }

// DeviceList lists the types of devices of a QEMU version by category; all
// includes those that users cannot make.
func DeviceList(cat *catalog.Catalog, all bool) string {
	var b strings.Builder
	lines := map[string][]string{}
	for _, name := range foldedNames(cat) {
		f, ok := cat.Device(name)
		if !ok || !all && !f.UserCreatable {
			continue
		}
		line := fmt.Sprintf("name \"%s\"", name)
		if f.Bus != "" {
			line += ", bus " + f.Bus
		}
		if f.Alias != "" {
			line += fmt.Sprintf(", alias \"%s\"", f.Alias)
		}
		if !f.UserCreatable {
			line += ", no-user"
		}
		category := cmp.Or(f.Category, "Uncategorized")
		lines[category] = append(lines[category], line)
	}
	gap := ""
	for _, c := range categories {
		if len(lines[c]) > 0 {
			fmt.Fprintf(&b, "%s%s devices:\n%s\n", gap, c, strings.Join(lines[c], "\n"))
			gap = "\n"
		}
	}
	return b.String()
}

// foldedNames lists the types of a catalog, sorted without regard to case.
func foldedNames(cat *catalog.Catalog) []string {
	names := slices.Collect(cat.Types())
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	})
	return names
}
