package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
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
	used, unusable := splitArguments(args)
	var m *Machine
	b, err := chooseCatalog(used)
	if err == nil {
		err = b.checkKnown(used)
	}
	if err == nil {
		err = unusable
	}
	if err == nil {
		err = b.arguments(used)
	}
	if err == nil {
		m, err = b.finish()
	}
	var help *HelpRequest
	switch {
	case err == nil:
		return m, nil
	case errors.As(err, &help):
		help.Catalog, help.Remarks = b.catalog, &Failure{Prog: prog, Err: errors.Join(b.warningErrors()...)}
		return nil, help
	}
	f := &Failure{Prog: prog, Err: errors.Join(append(b.warningErrors(), err)...)}
	if b != nil {
		f.Prefix, f.Words = b.m.MessagePrefix(), b.catalog.Words
	}
	return nil, f
}

// splitArguments takes the command line apart into options and what follows
// them, up to the first mistake.
func splitArguments(args []string) ([]argument, error) {
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
		a := argument{name: name, origin: Origin{Option: word}}
		o := findOption(name)
		if o == nil {
			return used, at(a.origin, errInvalidOption)
		}
		if o.arg {
			if i++; i == len(args) {
				used = append(used, a) // which may be no option of the QEMU to be
				return used, at(a.origin, errors.New("requires an argument"))
			}
			a.value = args[i]
			a.origin.Option += " " + a.value
		}
		used = append(used, a)
	}
	return used, nil
}

var errInvalidOption = errors.New("invalid option")

// chooseCatalog starts a machine of the QEMU that -catalog names, which counts
// for what stands before it as well.
func chooseCatalog(used []argument) (*builder, error) {
	var which argument
	for _, a := range used {
		if a.name == "catalog" {
			which = a
		}
	}
	var catalogs catalog.Set
	b, err := newBuilder(&catalogs, which.value)
	return b, at(which.origin, err)
}

// checkKnown holds that the QEMU to be has the options. A catalog does not list
// those that "-help" is silent about.
func (b *builder) checkKnown(used []argument) error {
	known := b.catalog.Options()
	for _, a := range used {
		if a.name == "" || len(known) == 0 || findOption(a.name).silent || findOption(a.name).own {
			continue
		}
		if !slices.ContainsFunc(known, func(o catalog.Option) bool { return o.Name == a.name }) {
			dashes, _, _ := strings.Cut(a.origin.Option, " ")
			return at(Origin{Option: dashes}, errInvalidOption)
		}
	}
	return nil
}

// arguments applies the options from left to right.
func (b *builder) arguments(used []argument) error {
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
		a.value = a.origin.Option
		return image(pair{"index", "0"}, pair{"media", "disk"})(b, a)
	}
	o := findOption(a.name)
	switch o.effect {
	case refused:
		switch {
		case o.apply != nil:
			return o.apply(b, a)
		case o.words != "":
			var errs []error
			for line := range strings.SplitSeq(o.words, "\n") {
				errs = append(errs, at(a.origin, errors.New(line)))
			}
			return errors.Join(errs...)
		}
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
		errs[i] = &located{origin: w.origin, err: w.remark(), early: true}
	}
	return errs
}
