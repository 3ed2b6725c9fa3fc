package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What follows reads options that have no effect here as carefully as QEMU does.

// checked accepts an option whose argument passes a check.
func checked(check func(string) error) func(*builder, argument) error {
	return func(_ *builder, a argument) error { return check(a.value) }
}

// checkedGroup accepts a use of a group that passes a check.
func checkedGroup(group string, check func(*opts) error) func(*builder, argument) error {
	return func(b *builder, a argument) error {
		o, err := b.add(group, a)
		if err != nil {
			return err
		}
		return check(o)
	}
}

func checkSeed(text string) error {
	if _, err := strconv.ParseUint(text, 0, 64); err != nil || strings.Contains(text, "_") {
		return fmt.Errorf("Invalid seed number: %s", text)
	}
	return nil
}

func checkRanges(text string) error {
	if text == "" {
		return nil
	}
	for r := range strings.SplitSeq(text, ",") {
		at := strings.IndexAny(r, "-+")
		op := ".."
		if at >= 0 {
			op = r[at : at+1]
		} else if at = strings.Index(r, op); at < 0 {
			return errors.New("Bad range specifier")
		}
		first, err := strconv.ParseUint(r[:at], 0, 64)
		if err != nil {
			return fmt.Errorf("Invalid number to the left of %s", op)
		}
		second, err := strconv.ParseUint(r[at+len(op):], 0, 64)
		if err != nil {
			return fmt.Errorf("Invalid number to the right of %s", op)
		}
		if op == ".." && second < first || op != ".." && second == 0 {
			return errors.New("Invalid range")
		}
	}
	return nil
}

// LogItems are what -d can be asked for, with what each is.
var LogItems = []struct{ Name, About string }{
	{"out_asm", "host code that was generated"}, {"in_asm", "guest code that is translated"},
	{"op", "intermediate code"}, {"op_opt", "intermediate code, optimized"},
	{"op_ind", "intermediate code before indirect accesses are lowered"}, {"op_plugin", "intermediate code before plugins add to it"},
	{"int", "interrupts and exceptions"}, {"exec", "every block of code that is run"},
	{"cpu", "registers before each block"}, {"fpu", "with \"cpu\": those for floating point, too"}, {"mmu", "address translation"},
	{"pcall", "far calls, returns and exceptions in protected mode"}, {"cpu_reset", "registers before a processor is reset"},
	{"unimp", "what is not implemented"}, {"guest_errors", "what the guest does wrong"}, {"page", "pages of user mode"},
	{"nochain", "do not chain blocks"}, {"plugin", "what plugins say"}, {"strace", "system calls of user mode"},
	{"tid", "one file for each thread; its name must have %d in it"}, {"vpu", "with \"cpu\": vector registers, too"},
	{"invalid_mem", "accesses to memory that is not there"}, {"trace:PATTERN", "trace points"},
}

// logItems applies -d.
func (b *builder) logItems(a argument) error {
	for _, word := range strings.Split(a.value, ",") {
		known := word == "all" || word == "none" || strings.HasPrefix(word, "trace:")
		for _, item := range LogItems {
			known = known || word == item.Name
		}
		if !known {
			return &HelpRequest{Option: "d", Failed: true}
		}
		b.tid = b.tid || word == "all" || word == "tid"
	}
	return addLogItems(b, a)
}

// finishLog holds the name of the log to what is to be logged.
func (b *builder) finishLog() error {
	name := b.m.LogFile
	if _, after, found := strings.Cut(name, "%"); found && (!strings.HasPrefix(after, "d") || strings.Contains(after, "%")) {
		return fmt.Errorf("Bad logfile template: %s", name)
	}
	if b.tid && !strings.Contains(name, "%d") {
		return errors.New("Filename template with '%d' required for 'tid'")
	}
	return nil
}

func checkSandbox(o *opts) error {
	words := map[string][]string{
		"obsolete": {"allow", "deny"}, "elevateprivileges": {"allow", "deny", "children"},
		"spawn": {"allow", "deny"}, "resourcecontrol": {"allow", "deny"},
	}
	for _, name := range []string{"obsolete", "elevateprivileges", "spawn", "resourcecontrol"} {
		if v, ok := o.get(name); ok && o.flag("enable", false) && !contains(words[name], v) {
			return fmt.Errorf("invalid argument for %s", name)
		}
	}
	return nil
}

func checkOvercommit(o *opts) error {
	if v, ok := o.get("mem-lock"); ok && !contains([]string{"on", "yes", "true", "y", "off", "no", "false", "n", "on-fault"}, v) {
		return errors.New("parameter 'mem-lock' expects one of 'on', 'off', 'on-fault'")
	}
	return nil
}

func checkICount(o *opts) error {
	shift, given := o.get("shift")
	align, sleep := o.flag("align", false), o.flag("sleep", true)
	mode, replay := o.get("rr")
	switch {
	case replay && mode != "record" && mode != "replay":
		return fmt.Errorf("Invalid icount rr option: %s", mode)
	case replay && o.text("rrfile") == "":
		return errors.New("File name not specified for replay")
	case !given && align:
		return errors.New("Please specify shift option when using align")
	case align && !sleep:
		return errors.New("align=on and sleep=off are incompatible")
	case !given || shift == "auto":
		return nil
	}
	if n, err := strconv.ParseInt(shift, 0, 32); err != nil || n < 0 || n > 10 {
		return errors.New("icount: Invalid shift value")
	}
	return nil
}
