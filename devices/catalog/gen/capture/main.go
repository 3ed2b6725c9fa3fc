// Command capture observes devices on a real QEMU and prints what it saw, one
// device type per line, as JSON that program gen reads with -facts:
//
//	go run ./devices/catalog/gen/capture -o FILE -- qemu-system-x86_64
//
// QMP does not tell which devices can be plugged, on what bus they sit or what
// their configuration space holds. So each type that "-device help" lists is
// plugged into a stopped machine of its own (qtest accelerator: no guest runs),
// and query-pci, "info usb", "info qtree" and the configuration ports are read.
// Devices that need something the program cannot provide, a vhost-user back
// end say, keep only what the help tells.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
)

func main() {
	out := flag.String("o", "", "file to write (default: standard output)")
	verbose := flag.Bool("v", false, "say why a device could not be plugged")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Args(), *out, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "capture:", err)
		os.Exit(1)
	}
}

func run(command []string, out string, verbose bool) error {
	facts, err := help(command)
	if err != nil {
		return err
	}
	if err := hotplug(command, facts); err != nil {
		return err
	}
	orders := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if !facts[name].UserCreatable || facts[name].Category == "CPU" {
			continue
		}
		if err := observe(command, name, facts[name], orders); err != nil && verbose {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		}
	}
	// Devices that come with a machine or inside others were seen in the
	// trees as well.
	for name, order := range orders {
		if facts[name] == nil {
			facts[name] = &catalog.DeviceFacts{}
		}
		facts[name].QtreeOrder = order
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		line, err := json.Marshal(build.Observed{Type: name, DeviceFacts: *facts[name]})
		if err != nil {
			return fmt.Errorf("encode %s: %w", name, err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	if out == "" {
		_, err = os.Stdout.WriteString(b.String())
	} else {
		err = os.WriteFile(out, []byte(b.String()), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write facts: %w", err)
	}
	return nil
}
