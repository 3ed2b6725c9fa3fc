package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/tpm"
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

// printHelp answers options that ask for information instead of a machine, and
// returns the status to exit with.
func printHelp(out, errOut io.Writer, prog string, h *config.HelpRequest) int {
	if h.Remarks != nil && h.Remarks.Err != nil {
		fmt.Fprintln(errOut, h.Remarks)
	}
	status := 0
	if h.Failed {
		status = 1
	}
	if h.Group != "" {
		fmt.Fprint(out, config.GroupHelp(h.Catalog, h.Group))
		return status
	}
	if f := listings[h.Option]; f != nil {
		f(out, h.Catalog, h.Topic)
		return status
	}
	switch h.Option {
	case "h", "help":
		optionHelp(out, prog, h.Catalog)
	case "device":
		return deviceHelp(h.Catalog, out, errOut, prog, h.Topic)
	case "object":
		return objectHelp(h.Catalog, out, errOut, prog, h.Topic)
	case "tpmdev":
		fmt.Fprintln(errOut, tpm.Help)
	case "cpu":
		return cpuHelp(h.Catalog, out)
	default:
		fmt.Fprintf(errOut, "%s: -%s %s: Help is not available for this option\n", prog, h.Option, h.Topic)
		return 1
	}
	return status
}

// optionHelp lists the options. What each is for is in our own words; QEMU's are
// longer.
func optionHelp(out io.Writer, prog string, cat *catalog.Catalog) {
	printVersion(out, cat)
	fmt.Fprintf(out, "usage: %s [options] [disk_image]\n\n", prog)
	fmt.Fprintln(out, "'disk_image' is a raw image for the first disk")
	fmt.Fprintln(out, "\nOptions, which do what QEMU's do where nothing else is said:")
	for _, o := range config.OptionTable(cat) {
		name := "-" + o.Name
		if o.Argument {
			name += " ARG"
		}
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%-23s %s", name, o.Summary()), " "))
	}
}
