package hmp

// controlRows are the commands that change what the machine as a whole does.
func controlRows() []*command {
	return []*command{
		{names: "stop|s", help: "pause the machine", qmp: "stop",
			run: forward("stop")},
		{names: "cont|c", help: "let the machine run", qmp: "cont",
			run: forward("cont")},
		{names: "system_reset", help: "reset the machine", qmp: "system_reset",
			run: forward("system_reset")},
		{names: "system_powerdown", help: "press the power button", qmp: "system_powerdown",
			run: forward("system_powerdown")},
		{names: "system_wakeup", help: "wake a guest that sleeps", qmp: "system_wakeup",
			run: forward("system_wakeup")},
		{names: "exit_preconfig", help: "complete a machine started with --preconfig", qmp: "x-exit-preconfig",
			run: forward("x-exit-preconfig")},
		{names: "quit|q", help: "end the machine", qmp: "quit",
			run: forward("quit")},
		{names: "clear", help: "clear the screen",
			run: func(r *run) error { r.printf("\x1b[H\x1b[2J\x1b[3J"); return nil }},
		{names: "cpu", args: "index:i", params: "index", help: "choose the CPU that later commands are about",
			run: func(r *run) error {
				n := r.args.number("index")
				if r.h.processor(n) == nil {
					r.printf("invalid CPU index\n")
					return nil
				}
				r.session.cpu = n
				return nil
			}},
	}
}
