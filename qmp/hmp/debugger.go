package hmp

import (
	"github.com/qomd/qomd/qmp/gdb"
)

// debuggerRows are the commands on debuggers.
func debuggerRows() []*command {
	return []*command{{
		names: "gdbserver", args: "device:s?", params: "[device]", help: "let a debugger in, at tcp::1234 by default; \"none\": no more",
		run: func(r *run) error {
			device := "tcp::1234"
			if r.has("device") {
				device = r.args.text("device")
			}
			switch err := r.h.Debugger().Start(device); {
			case err != nil:
				r.printf("%s\n", err)
			case device == "none":
				r.printf("Disabled gdbserver\n")
			default:
				r.printf("Waiting for gdb connection on device '%s'\n", device)
			}
			return nil
		},
	}}
}

// Debugger returns the machine's gdb stub. The machine's lock is held.
func (h *Human) Debugger() *gdb.Server {
	if h.debugger == nil {
		h.debugger = gdb.New(h.m, func(line string) string {
			said, _ := h.Command(nil, line, nil) // only a processor could be wrong
			return said
		})
	}
	return h.debugger
}

// Ended tells who waits for the machine that it has ended with a status. The
// machine's lock is held.
func (h *Human) Ended(status int) {
	if h.debugger != nil {
		h.debugger.Exit(status)
	}
}
