package hmp

import (
	"slices"
	"strings"
)

// logItems are what QEMU can log besides trace points. Here only what a guest's
// code does could make it log, and none runs.
var logItems = []string{
	"out_asm", "in_asm", "op", "op_opt", "op_ind", "op_plugin", "int", "exec", "cpu", "fpu", "mmu", "pcall", "cpu_reset", "unimp",
	"guest_errors", "page", "nochain", "plugin", "strace", "tid", "vpu", "invalid_mem",
}

func logRows() []*command {
	return []*command{{
		names: "log", args: "items:s", params: "item1[,...]", help: "say what to log; no guest code runs that could be logged",
		run: logItem,
	}, {
		names: "logfile", args: "filename:F", params: "filename", help: "log to a file; %d in its name is the process",
		run: func(r *run) error {
			if err := r.h.m.Trace.LogTo(r.args.text("filename")); err != nil {
				r.printf("%s\n", err)
			}
			return nil
		},
	}, {
		names: "trace-event", args: "name:s,option:b,vcpu:i?", params: "name on|off [vcpu]", qmp: "trace-event-set-state",
		help: "turn trace points on or off; * and ? in a name stand for others", run: traceEvent, complete: completeTrace,
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
			if r.ask("trace-event-set-state", with("name", event), with("enable", true)) != nil {
				r.printf("warning: trace event '%s' does not exist\n", event)
			}
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

// traceEvent prints errors without the word before them that others have.
func traceEvent(r *run) error {
	if err := r.ask("trace-event-set-state", with("name", r.args.text("name")), with("enable", r.args.flag("option"))); err != nil {
		r.printf("%s\n", err)
	}
	return nil
}

// traceTopics are the topics of "info" on trace points.
func traceTopics() []*command {
	return []*command{{
		names: "trace-events", args: "name:s?,vcpu:i?", params: "[name] [vcpu]", qmp: "trace-event-get-state",
		help: "which trace points there are, and which are on", run: infoTraceEvents, complete: completeTraceName,
	}}
}

func infoTraceEvents(r *run) error {
	name := "*"
	if r.has("name") {
		name = r.args.text("name")
	}
	list, err := r.list("trace-event-get-state", with("name", name))
	if err != nil {
		r.printf("%s\n", err)
		return nil
	}
	for _, p := range list {
		on := 0
		if text(p, "state") == "enabled" {
			on = 1
		}
		r.printf("%s : state %d\n", text(p, "name"), on)
	}
	return nil
}

// completeTraceName proposes trace points.
func completeTraceName(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	points, err := (&run{h: c.h}).list("trace-event-get-state", with("name", "*"))
	if err != nil {
		return
	}
	for _, p := range points {
		c.propose(text(p, "name"), words[1])
	}
}

// completeTrace proposes trace points, and then what can be made of one.
func completeTrace(c *completer, words []string) {
	completeTraceName(c, words)
	if len(words) == 3 {
		c.propose("on", words[2])
		c.propose("off", words[2])
	}
}
