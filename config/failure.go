package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qomd/qomd/devices/catalog"
)

// located is a mistake with the place where it was made.
type located struct {
	origin Origin
	err    error
	early  bool // said before -msg is looked at
	plain  bool // no warning, although what it is about is used
}

func (e *located) Error() string {
	if where := e.origin.String(); where != "" {
		return where + ": " + e.err.Error()
	}
	return e.err.Error()
}

// remark is what is said of something that is used all the same.
func (e *located) remark() error {
	if e.plain {
		return e.err
	}
	return fmt.Errorf("warning: %w", e.err)
}

func (e *located) Unwrap() error { return e.err }

// unplaced is a mistake of an option that QEMU tells of without the option; and,
// where bare is set, without its own name.
type unplaced struct {
	error
	bare bool
}

func (e unplaced) Unwrap() error { return e.error }

// Unplaced makes a mistake one that is told without the option that it is in.
func Unplaced(err error) error { return unplaced{error: err} }

// bareError makes a mistake one that is told as it is, without a name in front.
func bareError(err error) error { return unplaced{error: err, bare: true} }

// at adds a place to a mistake.
func at(origin Origin, err error) error {
	var u unplaced
	if err == nil || errors.As(err, &u) {
		return err
	}
	return &located{origin: origin, err: err}
}

// Failure is why a command line cannot be used. Its text is what QEMU prints
// on standard error before it exits with status 1: one or more lines, each
// with the program's name and the place.
type Failure struct {
	Prog   string
	Prefix string // of every message but warnings, see [Machine.MessagePrefix]
	Err    error
	// Words puts a mistake as the QEMU to be does; nil for QEMU 11.1.
	Words func(text string) string
}

// Error returns the whole text.
func (f *Failure) Error() string {
	words := f.Words
	if words == nil {
		words = func(text string) string { return text }
	}
	var lines []string
	for _, err := range flatten(f.Err) {
		var l *located
		var u unplaced
		switch {
		case errors.As(err, &u) && u.bare:
			lines = append(lines, words(u.Error()))
		case !errors.As(err, &l):
			lines = append(lines, f.Prefix+f.Prog+": "+words(err.Error()))
		case l.early:
			lines = append(lines, l.origin.Prefix(f.Prog)+words(l.err.Error()))
		default:
			lines = append(lines, f.Prefix+l.origin.Prefix(f.Prog)+words(l.err.Error()))
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

// MessagePrefix returns what begins a message that is printed now: the time with
// -msg timestamp=on, and the guest's name with -msg guest-name=on. Empty for a
// machine that asked for neither.
func (m *Machine) MessagePrefix() string {
	prefix := ""
	if m.Timestamps {
		prefix = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z ")
	}
	if m.GuestNames && m.Name != "" {
		prefix += m.Name + " "
	}
	return prefix
}

// HelpRequest is returned in place of a description when the command line asks
// for information: "-version", "-help", "-device help", "-machine q35,help".
type HelpRequest struct {
	Option  string           // without dashes: "device"
	Topic   string           // what help is asked about: "", "qemu-xhci"
	Group   string           // the option group whose members are asked for, or ""
	Remarks *Failure         // what there is to say about what stands before
	Failed  bool             // QEMU then ends with status 1
	Catalog *catalog.Catalog // the QEMU that is asked
}

func (h *HelpRequest) Error() string {
	return fmt.Sprintf("help requested: -%s %s", h.Option, h.Topic)
}
