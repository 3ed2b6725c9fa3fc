package hmp

// absentRows are commands on parts of QEMU that no machine here has. They say
// what QEMU does when it runs without those parts.
func absentRows() []*command {
	says := func(text string) func(*run) error {
		return func(r *run) error { r.printf("%s", text); return nil }
	}
	return []*command{
		{names: "one-insn-per-tb", args: "option:s?", params: "[on|off]", help: "compile guest code one instruction at a time; there is none",
			run: says("This accelerator does not support setting one-insn-per-tb\n")},
		{names: "replay_break", args: "icount:l", params: "icount", help: "stop a replay at an instruction; there is none",
			run: says("setting the breakpoint is allowed only in play mode\n")},
		{names: "replay_delete_break", help: "forget where to stop a replay; there is none",
			run: says("replay breakpoints are allowed only in play mode\n")},
		{names: "replay_seek", args: "icount:l", params: "icount", help: "go to an instruction of a replay; there is none",
			run: says("replay must be enabled to seek\n")},
		{names: "xen-event-list", help: "event channels of Xen; there are none",
			run: says("Error: Xen event channel emulation not enabled\n")},
		{names: "xen-event-inject", args: "port:l", params: "port", help: "signal an event channel of Xen; there are none",
			run: says("Error: Xen event channel emulation not enabled\n")},
	}
}
