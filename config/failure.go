package config

import (
	"errors"
	"fmt"
	"strings"
)

// located is a mistake with the place where it was made.
type located struct {
	origin Origin
	err    error
}

func (e *located) Error() string {
	if where := e.origin.String(); where != "" {
		return where + ": " + e.err.Error()
	}
	return e.err.Error()
}

func (e *located) Unwrap() error { return e.err }

// at adds a place to a mistake.
func at(origin Origin, err error) error {
	if err == nil {
		return nil
	}
	return &located{origin, err}
}

// Failure is why a command line cannot be used. Its text is what QEMU prints
// on standard error before it exits with status 1: one or more lines, each
// with the program's name and the place.
type Failure struct {
	Prog string
	Err  error
}

// Error returns the whole text.
func (f *Failure) Error() string {
	var lines []string
	for _, err := range flatten(f.Err) {
		var l *located
		if errors.As(err, &l) {
			lines = append(lines, l.origin.Prefix(f.Prog)+l.err.Error())
		} else {
			lines = append(lines, f.Prog+": "+err.Error())
		}
	}
	return strings.Join(lines, "\n")
}

func (f *Failure) Unwrap() error { return f.Err }

// flatten returns the errors joined in err.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// Prefix returns what QEMU, running as prog, prints in front of a message
// about something from this place: "prog: -device nope: ", or
// "prog:FILE:LINE: " for what came from a file, or just "prog: ".
func (o Origin) Prefix(prog string) string {
	switch {
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%s:%d: ", prog, o.File, o.Line)
	case o.Option != "":
		return prog + ": " + o.Option + ": "
	}
	return prog + ": "
}

// HelpRequest is returned in place of a description when the command line asks
// for information: "-version", "-help", "-device help", "-machine q35,help".
type HelpRequest struct {
	Option string // without dashes: "device"
	Topic  string // what help is asked about: "", "qemu-xhci"
}

func (h *HelpRequest) Error() string {
	return fmt.Sprintf("help requested: -%s %s", h.Option, h.Topic)
}
