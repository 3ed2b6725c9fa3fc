package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
)

// printHelp answers options that ask for information instead of a machine.
func printHelp(out, errOut io.Writer, prog string, h *config.HelpRequest) int {
	switch h.Option {
	case "version":
		v := catalog.Default().Version()
		fmt.Fprintf(out, "QEMU emulator version %d.%d.%d", v.Major, v.Minor, v.Micro)
		if v.Package != "" {
			fmt.Fprintf(out, " (%s)", v.Package)
		}
		fmt.Fprintln(out, "\nqomd: QEMU's monitor without the virtual machine")
	case "h", "help":
		fmt.Fprintf(out, "usage: %s [options]\n\nThe options are those of qemu-system-x86_64:\n", prog)
		for _, o := range config.OptionTable() {
			fmt.Fprintf(out, "-%-20s %s\n", o.Name, o.Effect)
		}
	case "machine", "M":
		fmt.Fprintln(out, "Supported machines are:")
		for _, m := range machinesInOrder() {
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
		return deviceHelp(out, errOut, prog, h.Topic)
	case "accel":
		fmt.Fprintln(out, "Accelerators supported in QEMU binary:")
		for _, name := range concrete("accel") {
			if name, ok := strings.CutSuffix(name, "-accel"); ok && name != "qtest" { // meant for tests
				fmt.Fprintln(out, name)
			}
		}
	case "object":
		return objectHelp(out, errOut, prog, h.Topic)
	case "cpu":
		return cpuHelp(out, errOut, prog)
	default:
		fmt.Fprintf(errOut, "%s: -%s %s: no help is available on this\n", prog, h.Option, h.Topic)
		return 1
	}
	return 0
}
