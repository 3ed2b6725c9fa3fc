package config

import (
	"errors"
	"fmt"
	"strings"
)

// ParseArgs reads the command line of qemu-system-x86_64, without the name of
// the program, which is prog. Options begin with one dash or two.
//
// The error is a *Failure with what to print before exiting with status 1, or
// a *HelpRequest when the command line asks for information. Device names and
// properties are not checked here but when the devices are made.
//
// The order in which mistakes are found is QEMU's: unknown options first, then
// each option by itself from left to right, then what needs all of them.
func ParseArgs(prog string, args []string) (*Machine, error) {
	b, err := newBuilder()
	if err == nil {
		err = b.arguments(args)
	}
	var m *Machine
	if err == nil {
		m, err = b.finish()
	}
	var help *HelpRequest
	switch {
	case err == nil:
		return m, nil
	case errors.As(err, &help):
		return nil, help
	}
	f := &Failure{Prog: prog, Err: errors.Join(append(b.warningErrors(), err)...)}
	if b != nil {
		f.Prefix = b.m.MessagePrefix()
	}
	return nil, f
}

// arguments takes the command line apart and applies every option.
func (b *builder) arguments(args []string) error {
	var used []argument
	for i := 0; i < len(args); i++ {
		word := args[i]
		name, dashed := strings.CutPrefix(word, "-")
		if !dashed {
			if word == "" {
				continue
			}
			used = append(used, argument{origin: Origin{Option: word}})
			continue
		}
		name = strings.TrimPrefix(name, "-")
		o := findOption(name)
		if o == nil {
			return at(Origin{Option: word}, errors.New("invalid option"))
		}
		a := argument{name: name, origin: Origin{Option: word}}
		if o.arg {
			if i++; i == len(args) {
				return at(a.origin, errors.New("requires an argument"))
			}
			a.value = args[i]
			a.origin.Option += " " + a.value
		}
		used = append(used, a)
	}
	for _, a := range used {
		if err := b.apply(a); err != nil {
			var l *located
			var h *HelpRequest
			if !errors.As(err, &l) && !errors.As(err, &h) {
				err = at(a.origin, err)
			}
			return err
		}
	}
	return nil
}

// apply does what one option says.
func (b *builder) apply(a argument) error {
	if a.name == "" {
		return errors.New("disk images by name alone are not supported by qomd; use -drive")
	}
	o := findOption(a.name)
	switch o.effect {
	case refused:
		return fmt.Errorf("not supported by qomd: %s", o.note)
	case ignored:
		b.m.Others = append(b.m.Others, newOther(a))
	}
	if o.apply == nil {
		return nil
	}
	return o.apply(b, a)
}

// warningErrors returns the warnings so far, to be printed before a failure.
func (b *builder) warningErrors() []error {
	if b == nil {
		return nil
	}
	errs := make([]error, len(b.warnings))
	for i, w := range b.warnings {
		errs[i] = &located{origin: w.origin, err: errors.New("warning: " + w.err.Error()), early: true}
	}
	return errs
}
