package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/net"
	"github.com/qomd/qomd/qmp/hmp"
)

// listings answer "help" for what there are a few of, in QEMU's shape.
var listings = map[string]func(out io.Writer, cat *catalog.Catalog, topic string){
	"version": func(out io.Writer, cat *catalog.Catalog, _ string) { printVersion(out, cat) },
	"machine": machineHelp,
	"accel":   accelHelp,
	"chardev": func(out io.Writer, _ *catalog.Catalog, _ string) {
		fmt.Fprintf(out, "Available chardev backend types: \n  %s\n", strings.Join(config.ChardevBackends(), "\n  "))
	},
	"netdev":   netdevHelp,
	"nic":      nicHelp,
	"net":      nicHelp,
	"audio":    audioHelp,
	"audiodev": audioHelp,
	"display": func(out io.Writer, _ *catalog.Catalog, _ string) {
		fmt.Fprintln(out, "Available display backend types:\nnone")
	},
	"vga": func(out io.Writer, _ *catalog.Catalog, _ string) {
		for _, a := range []struct{ name, about string }{
			{"none", "no adapter"}, {"std", "plain VGA (default)"}, {"cirrus", "Cirrus VGA"},
			{"vmware", "VMware SVGA"}, {"virtio", "virtio VGA"},
		} {
			fmt.Fprintf(out, "%-20s %s\n", a.name, a.about)
		}
	},
	"d": func(out io.Writer, _ *catalog.Catalog, _ string) {
		fmt.Fprintln(out, "Log items (comma separated):")
		for _, item := range config.LogItems {
			fmt.Fprintf(out, "%-15s %s\n", item.Name, item.About)
		}
		fmt.Fprintln(out)
	},
}

// machineHelp lists the machine types, or the properties of one.
func machineHelp(out io.Writer, cat *catalog.Catalog, topic string) {
	if m, ok := cat.Machine(topic); ok {
		if facts, ok := cat.Type(m.Name + "-machine"); ok {
			props := slices.DeleteFunc(slices.Clone(facts.Properties), func(p catalog.Property) bool { return p.Name == "type" })
			fmt.Fprint(out, hmp.PropertyHelp(m.Name+"-machine", props))
			return
		}
	}
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
}

// accelHelp lists the accelerators that are not meant for tests.
func accelHelp(out io.Writer, cat *catalog.Catalog, _ string) {
	fmt.Fprintln(out, "Accelerators supported in QEMU binary:")
	for _, name := range concrete(cat, "accel") {
		if name, ok := strings.CutSuffix(name, "-accel"); ok && name != "qtest" {
			fmt.Fprintln(out, name)
		}
	}
}

// audioHelp lists the sound backends, the silent one first.
func audioHelp(out io.Writer, cat *catalog.Catalog, _ string) {
	fmt.Fprintln(out, "Available audio drivers:")
	var names []string
	for _, name := range concrete(cat, "audio-backend") {
		if name, ok := strings.CutPrefix(name, "audio-"); ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		silent := func(s string) int { return map[bool]int{true: 0, false: 1}[s == "none"] }
		return cmp.Or(silent(a)-silent(b), strings.Compare(a, b))
	})
	for _, name := range names {
		fmt.Fprintln(out, name)
	}
}

// netdevHelp lists the network backends.
func netdevHelp(out io.Writer, _ *catalog.Catalog, _ string) {
	fmt.Fprintf(out, "Available netdev backend types:\n%s\n", strings.Join(net.Kinds(), "\n"))
}

// nicHelp lists the backends and models of network cards, or the models alone.
func nicHelp(out io.Writer, cat *catalog.Catalog, topic string) {
	heading := "Available NIC models for this configuration:"
	if topic == "" {
		netdevHelp(out, cat, "")
		fmt.Fprintln(out)
		heading = "Available NIC models (use -nic model=help for a filtered list):"
	}
	fmt.Fprintln(out, heading)
	for name := range cat.Types() {
		d, ok := cat.Device(name)
		if !ok || d.Category != "Network" || !d.UserCreatable || !cat.Implements(name, "pci-device") && name != "ne2k_isa" {
			continue
		}
		if name == "virtio-net-pci" {
			name += " (aka virtio)"
		}
		fmt.Fprintln(out, name)
	}
}
