package hmp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// run is one line at work.
type run struct {
	h       *Human
	call    *qmp.Call // nil on a socket of its own
	session *session
	args    values
	out     strings.Builder
	bare    bool   // the line's mistakes are told as they are
	locked  bool   // the line cannot wait: all happens with the machine's lock
	later   *later // the line is not done yet; nil: it is
}

// printf prints for the user.
func (r *run) printf(format string, args ...any) { fmt.Fprintf(&r.out, format, args...) }

// line finds the command of a line and runs it.
func (r *run) line(line string) {
	if t := &r.h.m.Trace; t.On(trace.HandleHMPCommand) {
		t.Printf(trace.HandleHMPCommand, "mon %p cmdline: %s", r.h, line)
	}
	cmd, rest := r.command(r.h.table(), line, line)
	if cmd == nil {
		return
	}
	if cmd.module {
		r.printf("Command \"%s\" is not available.\n", strings.TrimLeft(line[:len(line)-len(rest)], spaces))
		return
	}
	p := &arguments{cmd: cmd, rest: rest, register: r.register, format: &r.h.format, taken: r.h.taken, printf: r.printf}
	r.bare = cmd.bare && r.h.m.Env().Ways.BareMistakes
	var ok bool
	if r.args, ok = p.parse(); !ok {
		typed := strings.TrimRight(line[:len(line)-len(rest)], spaces)
		r.printf("Try \"help %s\" for more information\n", strings.TrimLeft(typed, spaces))
		return
	}
	r.warn(cmd)
	r.end(cmd.run(r))
}

// warn says of a command that it will be removed, the first time it is used.
func (r *run) warn(cmd *command) {
	var major, minor int
	_, err := fmt.Sscanf(cmd.goes, "%d.%d", &major, &minor)
	if v := r.h.m.Options().Catalog.Version(); err != nil || v.Major < major || v.Major == major && v.Minor < minor {
		return
	}
	if !slices.Contains(r.h.warned, cmd) {
		r.h.warned = append(r.h.warned, cmd)
		r.printf("warning: '%s' is deprecated since v%s, to be removed\n", cmd.title, cmd.goes)
	}
}

// later is the error of a line that waits for something outside.
type later struct {
	work func(context.Context)
	then func() error
}

func (*later) Error() string { return "the line waits" }

// wait lets a line wait without the machine's lock: a command returns what it
// returns. work runs without the lock, unless the run is locked, and ends early when its context is done;
// then runs under the lock again.
func (r *run) wait(work func(context.Context), then func() error) error { return &later{work, then} }

// long is wait for work that needs the lock only now and then, and is told whether
// it has it.
func (r *run) long(work func(locked bool) error) error {
	var err error
	return r.wait(func(context.Context) { err = work(r.locked) }, func() error { return err })
}

// end is the end of a line, or of its first part.
func (r *run) end(err error) {
	if l, ok := err.(*later); ok {
		r.later = l
		return
	}
	r.report(err)
}

// resume goes on with a line that has waited, under the lock.
func (r *run) resume() {
	then := r.later.then
	r.later = nil
	r.end(then())
}

// command finds the command that text begins with, and that of its second word
// if it has a table of its own. whole is the line, which errors quote.
func (r *run) command(t *table, whole, text string) (cmd *command, rest string) {
	text = strings.TrimLeft(text, spaces)
	if text == "" {
		return nil, ""
	}
	n := strings.IndexAny(text, spaces+"/")
	if n < 0 {
		n = len(text)
	}
	if cmd = r.h.find(t, text[:n]); cmd == nil {
		quoted := whole[:len(whole)-len(text)+n]
		r.printf("unknown command: '%s'\n", strings.TrimLeft(quoted, spaces))
		return nil, ""
	}
	rest = strings.TrimLeft(text[n:], spaces)
	if cmd.sub != nil && rest != "" {
		return r.command(cmd.sub, whole, rest)
	}
	return cmd, rest
}

// hinted is an error with further lines, which only people get to see.
type hinted interface{ Hint() string }

// report prints an error as QEMU does.
func (r *run) report(err error) {
	if err == nil {
		return
	}
	if !r.bare {
		r.printf("Error: ")
	}
	r.printf("%s\n", r.h.m.Options().Catalog.Words(err.Error()))
	var h hinted
	if errors.As(err, &h) {
		r.printf("%s", h.Hint())
	}
}

// query asks a QMP command and returns its reply as JSON values.
func (r *run) query(name string, args ...qjson.Member) (any, error) {
	v, err := r.h.set().Call(r.call, name, qjson.NewObject(args...))
	if err != nil {
		return nil, err
	}
	return qjson.Parse(qjson.Append(nil, v, false))
}

// ask is query for commands whose reply does not matter.
func (r *run) ask(name string, args ...qjson.Member) error {
	_, err := r.h.set().Call(r.call, name, qjson.NewObject(args...))
	return err
}

// list is query for commands that answer a list of objects.
func (r *run) list(name string, args ...qjson.Member) ([]*qjson.Object, error) {
	v, err := r.query(name, args...)
	if err != nil {
		return nil, err
	}
	return objects(v), nil
}

// object is query for commands that answer an object.
func (r *run) object(name string, args ...qjson.Member) (*qjson.Object, error) {
	v, err := r.query(name, args...)
	o, _ := v.(*qjson.Object)
	return o, err
}

// objects returns the objects of a JSON array.
func objects(v any) []*qjson.Object {
	all, _ := v.([]any)
	list := make([]*qjson.Object, 0, len(all))
	for _, e := range all {
		if o, ok := e.(*qjson.Object); ok {
			list = append(list, o)
		}
	}
	return list
}

// text reads a string member, empty when there is none.
func text(o *qjson.Object, name string) string {
	v, _ := o.Get(name)
	s, _ := v.(string)
	return s
}

// number reads an integer member, 0 when there is none.
func number(o *qjson.Object, name string) int64 {
	v, _ := o.Get(name)
	n, _ := qjson.Int(v)
	return n
}

// fraction reads a member that need not be whole, 0 when there is none or it is.
func fraction(o *qjson.Object, name string) float64 {
	v, _ := o.Get(name)
	f, _ := v.(float64)
	return f
}

// flag reads a boolean member.
func flag(o *qjson.Object, name string) bool {
	v, _ := o.Get(name)
	b, _ := v.(bool)
	return b
}

// member reads a member that is an object, nil when there is none.
func member(o *qjson.Object, name string) *qjson.Object {
	v, _ := o.Get(name)
	m, _ := v.(*qjson.Object)
	return m
}

// plain prints a JSON value as C programs print it: no quotes, booleans as
// words.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return string(qjson.Append(nil, v, false))
}
