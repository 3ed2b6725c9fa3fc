package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
)

// printVersion prints what QEMU prints, but for the copyright.
func printVersion(out io.Writer, cat *catalog.Catalog) {
	v := cat.Version()
	fmt.Fprintf(out, "QEMU emulator version %d.%d.%d", v.Major, v.Minor, v.Micro)
	if v.Package != "" {
		fmt.Fprintf(out, " (%s)", v.Package)
	}
	fmt.Fprintln(out, "\nqomd: QEMU's monitor without the virtual machine")
}

// printHelp answers options that ask for information instead of a machine.
func printHelp(out, errOut io.Writer, prog string, h *config.HelpRequest) int {
	cat := h.Catalog
	switch h.Option {
	case "version":
		printVersion(out, cat)
	case "h", "help":
		printVersion(out, cat)
		fmt.Fprintf(out, "usage: %s [options] [disk_image]\n\n", prog)
		fmt.Fprintf(out, "The options are QEMU's, as far as nothing else is said:\n")
		for _, o := range config.OptionTable(cat) {
			name := o.Name
			if o.Argument {
				name += " ARG"
			}
			fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("-%-22s %s", name, o.Effect), " "))
		}
	case "machine", "M":
		fmt.Fprintln(out, "Supported machines are:")
		for _, m := range machinesInOrder(cat) {
			if m.Alias != "" {
				fmt.Fprintf(out, "%-20s (alias of %s)\n", m.Alias, m.Name)
			}
			suffix := ""
			if m.Deprecated {
				suffix = " (deprecated)"
			}
			if m.IsDefault {
				suffix = " (default)"
			}
			fmt.Fprintf(out, "%-20s%s\n", m.Name, suffix)
		}
	case "device":
		return deviceHelp(cat, out, errOut, prog, h.Topic)
	case "accel":
		fmt.Fprintln(out, "Accelerators supported in QEMU binary:")
		for _, name := range concrete(cat, "accel") {
			if name, ok := strings.CutSuffix(name, "-accel"); ok && name != "qtest" { // meant for tests
				fmt.Fprintln(out, name)
			}
		}
	case "object":
		return objectHelp(cat, out, errOut, prog, h.Topic)
	case "cpu":
		return cpuHelp(cat, out, errOut, prog)
	default:
		fmt.Fprintf(errOut, "%s: -%s %s: no help is available on this\n", prog, h.Option, h.Topic)
		return 1
	}
	return 0
}
