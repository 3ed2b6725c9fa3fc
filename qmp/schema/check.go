package schema

import (
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

// CheckArguments checks the arguments of a command as QEMU's generated code does
// before it calls the command, and returns the first mistake as an *Error. args
// may be nil when the request had none. An error of any other type says that the
// schema lacks the command or is broken.
func (s *Schema) CheckArguments(command string, args *qjson.Object) error {
	return s.checkArguments(command, args, nil)
}

func (s *Schema) checkArguments(command string, args *qjson.Object, p *Policy) error {
	e, err := s.command(command)
	if err != nil {
		return err
	}
	if unchecked[command] {
		return s.checkLoosely(e.arguments, args)
	}
	v := visitor{s: s, policy: p}
	return v.object(e.arguments, withoutObsolete(command, args))
}

// CheckReply checks what a command returned, given as a Go value or as parsed.
// A member that is missing or unknown is an error, and so is a wrong type.
func (s *Schema) CheckReply(command string, value any) error {
	e, err := s.command(command)
	if err != nil {
		return err
	}
	if e.reply == nil {
		return nil
	}
	return s.checkOutput(e.reply, command, value)
}

// CheckEvent checks the data of an event; nil stands for an event without.
func (s *Schema) CheckEvent(name string, data any) error {
	e, err := s.ofKind("event", name)
	if err != nil {
		return err
	}
	if data == nil {
		data = &qjson.Object{}
	}
	return s.checkOutput(e.arguments, name, data)
}

func (s *Schema) checkOutput(t *entry, root string, value any) error {
	v, err := qjson.Parse(qjson.Append(nil, value, false))
	if err != nil {
		return err
	}
	if err := (&visitor{s: s, output: true}).value(t, root, v, nil); err != nil {
		return fmt.Errorf("%s: %w", root, err)
	}
	return nil
}

// checkLoosely is for commands that look into their arguments themselves: a
// mandatory string counts as missing when it is of another type, and everything
// else passes.
func (s *Schema) checkLoosely(t *entry, args *qjson.Object) error {
	if err := t.decode(s); err != nil {
		return err
	}
	for _, m := range t.members {
		if m.optional {
			continue
		}
		if _, ok := first(args.Get(m.name)).(string); !ok {
			return missing(m.name)
		}
	}
	return nil
}

func first(v any, _ bool) any { return v }

// Error is a mistake in a value, in QEMU's words.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

func faultf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

func missing(name string) error { return faultf("Parameter '%s' is missing", name) }

func mistyped(name, expected string) error {
	return faultf("Invalid parameter type for '%s', expected: %s", name, expected)
}
