package command

import (
	"fmt"
	"io"
	"slices"

	"github.com/qomd/qomd/config"
)

// introduce prints where the machines listen and, for somebody new, three
// things to type.
func introduce(w io.Writer, cfg *config.Config) {
	first := ""
	var machine *config.Machine
	shown := 0
	for i := range cfg.Machines {
		m := &cfg.Machines[i]
		for _, path := range monitorSockets(m) {
			if first == "" {
				first, machine = path, m
			}
			if shown < 10 {
				fmt.Fprintf(w, "%s: QMP on %s\n", machineName(m), path)
			}
			shown++
		}
	}
	if shown > 10 {
		fmt.Fprintf(w, "... and %d more\n", shown-10)
	}
	if first == "" {
		return
	}
	fmt.Fprintf(w, `
Talk to it from another terminal:

  socat - UNIX-CONNECT:%s

and paste, one after the other:

  {"execute": "qmp_capabilities"}
%s
Ctrl-C ends qomd.
`, first, suggest(machine))
}

// suggest is what to paste next: an unplug where there is room to plug.
func suggest(m *config.Machine) string {
	port := freePort(m)
	if port == "" {
		return `  {"execute": "query-status"}
  {"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}
`
	}
	return fmt.Sprintf(`  {"execute": "device_add", "arguments": {"driver": "qemu-xhci", "id": "x0", "bus": "%s"}}
  {"execute": "device_del", "arguments": {"id": "x0"}}
`, port)
}

// freePort returns the id of the first root port that nothing is plugged into,
// empty when there is none.
func freePort(m *config.Machine) string {
	for _, d := range m.Devices {
		if d.Driver != "pcie-root-port" || d.ID == "" || len(d.Devices) > 0 {
			continue
		}
		used := func(other config.Device) bool { return other.Bus == d.ID }
		if !slices.ContainsFunc(m.Devices, used) {
			return d.ID
		}
	}
	return ""
}

// monitorSockets lists the unix sockets on which a machine speaks QMP.
func monitorSockets(m *config.Machine) []string {
	var paths []string
	for _, mon := range m.Monitors {
		if mon.Mode != "control" {
			continue
		}
		for _, c := range m.Chardevs {
			if c.ID == mon.Chardev && c.Socket != nil && c.Socket.Server && c.Socket.Path != "" {
				paths = append(paths, c.Socket.Path)
			}
		}
	}
	return paths
}

func machineName(m *config.Machine) string {
	if m.Name != "" {
		return m.Name
	}
	return "machine"
}
