package command

import (
	"fmt"
	"io"

	"github.com/qomd/qomd/config"
)

// introduce prints where the machines listen and, for somebody new, three
// things to type.
func introduce(w io.Writer, cfg *config.Config) {
	first := ""
	shown := 0
	for i := range cfg.Machines {
		m := &cfg.Machines[i]
		for _, path := range monitorSockets(m) {
			if first == "" {
				first = path
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
  {"execute": "device_add", "arguments": {"driver": "qemu-xhci", "id": "x0", "bus": "rp0"}}
  {"execute": "device_del", "arguments": {"id": "x0"}}

Ctrl-C ends qomd.
`, first)
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
