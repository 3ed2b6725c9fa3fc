package hmp

import (
	"slices"
	"strings"
)

// logItems are what QEMU can log. Here only what a guest's code does could make
// it log, and none runs.
var logItems = []string{
	"out_asm", "in_asm", "op", "op_opt", "op_ind", "op_plugin", "int", "exec", "cpu", "fpu", "mmu", "pcall", "cpu_reset", "unimp",
	"guest_errors", "page", "nochain", "plugin", "strace", "tid", "vpu", "invalid_mem",
}

func logRows() []*command {
	return []*command{{
		names: "log", args: "items:s", params: "item1[,...]", help: "say what to log; no guest code runs that could be logged",
		run: logItem,
	}}
}

func logItem(r *run) error {
	text := r.args.text("items")
	if text == "none" {
		return nil
	}
	items := strings.Split(text, ",")
	for _, name := range items {
		event, traced := strings.CutPrefix(name, "trace:")
		switch {
		case traced:
			r.printf("warning: trace event '%s' does not exist\n", event)
		case name != "all" && !slices.Contains(logItems, name):
			r.printf("Log items (comma separated):\nnone\n%s\n", strings.Join(logItems, "\n"))
			return nil
		}
	}
	if slices.Contains(items, "all") || slices.Contains(items, "tid") {
		// A thread's own file needs a name, which nobody can give.
		r.printf("Filename template with '%%d' required for 'tid'\n")
	}
	return nil
}
