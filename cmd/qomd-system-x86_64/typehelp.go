package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/hmp"
)

// deviceHelp lists the devices, or the properties of one. As in all these
// lists, QEMU's prose is missing: a catalog has none.
func deviceHelp(cat *catalog.Catalog, out, errOut io.Writer, prog, driver string) int {
	if driver == "" || driver == "help" || driver == "?" {
		fmt.Fprint(out, hmp.DeviceList(cat, false))
		return 0
	}
	name := cmp.Or(cat.DeviceByAlias(driver), driver)
	facts, ok := cat.Type(name)
	if !ok || !facts.IsDevice {
		fmt.Fprintf(errOut, "%s: -device %s,help: Device '%s' not found\n", prog, driver, driver)
		return 0 // QEMU has answered
	}
	props, _ := cat.DeviceProperties(name)
	fmt.Fprint(out, hmp.PropertyHelp(name, props))
	return 0
}

// objectHelp lists the types of objects, or the properties of one.
func objectHelp(cat *catalog.Catalog, out, errOut io.Writer, prog, typ string) int {
	if typ == "" {
		fmt.Fprintln(out, "List of user creatable objects:")
		for _, name := range concrete(cat, "user-creatable") {
			fmt.Fprintf(out, "  %s\n", name)
		}
		return 0
	}
	facts, ok := cat.Type(typ)
	if !ok {
		fmt.Fprintf(errOut, "%s: -object %s,help: Parameter 'qom-type' does not accept value '%s'\n", prog, typ, typ)
		return 1
	}
	props := slices.DeleteFunc(slices.Clone(facts.Properties), func(p catalog.Property) bool { return p.Name == "type" })
	fmt.Fprint(out, hmp.PropertyHelp(typ, props))
	return 0
}

// cpuHelp lists the CPU models.
func cpuHelp(cat *catalog.Catalog, out io.Writer) int {
	list := cat.CPUDefinitions()
	slices.SortFunc(list, func(a, b catalog.CPUDefinition) int { return strings.Compare(a.Name, b.Name) })
	fmt.Fprintln(out, "Available CPUs:")
	for _, c := range list {
		about := ""
		switch {
		case strings.HasPrefix(c.AliasOf, c.Name+"-v"): // which version, old machines say otherwise
			about = "(alias configured by machine type)"
		case c.AliasOf != "":
			about = "(alias of " + c.AliasOf + ")"
		}
		fmt.Fprintf(out, "  %-20s  %s\n", c.Name, about)
	}
	return 0
}

// concrete lists the types below or with another that can be made, by name.
func concrete(cat *catalog.Catalog, ancestor string) []string {
	var list []string
	for name := range cat.Types() {
		if f, _ := cat.Type(name); !f.Abstract && !f.IsInterface && f.Implements(ancestor) {
			list = append(list, name)
		}
	}
	return list
}

// machinesInOrder lists the machine types as QEMU does: the versions of a
// family from the highest as text.
func machinesInOrder(cat *catalog.Catalog) []catalog.Machine {
	family := func(m catalog.Machine) string {
		if i := strings.LastIndex(m.Name, "-"); i > 0 && m.DefaultCPUType != "" && strings.HasPrefix(m.Name, "pc-") {
			return m.Name[:i]
		}
		return m.Name
	}
	list := slices.Clone(cat.Machines())
	slices.SortStableFunc(list, func(a, b catalog.Machine) int {
		if f, g := family(a), family(b); f != g {
			return strings.Compare(f, g)
		}
		return strings.Compare(b.Name, a.Name)
	})
	return list
}
