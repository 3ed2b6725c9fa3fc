package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qjson"
)

// fits reports whether a value is what is expected: a map has at least the
// members that are named, anything else is the same. path is where it differs.
func fits(want, got any, path string) (where string, ok bool) {
	switch w := want.(type) {
	case *qjson.Object:
		g, isMap := got.(*qjson.Object)
		if !isMap {
			return path, false
		}
		for name, v := range w.All() {
			gv, has := g.Get(name)
			if !has {
				return path + "." + name, false
			}
			if where, ok := fits(v, gv, path+"."+name); !ok {
				return where, false
			}
		}
		return "", true
	case []any:
		g, isList := got.([]any)
		if !isList || len(g) != len(w) {
			return path, false
		}
		for i := range w {
			if where, ok := fits(w[i], g[i], fmt.Sprintf("%s[%d]", path, i)); !ok {
				return where, false
			}
		}
		return "", true
	}
	return path, text(want) == text(got)
}

// text writes a value as JSON.
func text(v any) string { return string(qjson.Append(nil, v, false)) }

// compareAnswer compares an answer with what is expected; without any
// expectation it must not be an error.
func compareAnswer(m message, hasReturns bool, want Answer) error {
	switch {
	case want.Error != nil:
		if m.failed == nil || want.Error.Desc != m.failed.Desc || want.Error.Class != "" && want.Error.Class != m.failed.Class {
			return fmt.Errorf("answer\n  want error: {class: %s, desc: %q}\n  got  %s", orAny(want.Error.Class), want.Error.Desc, describe(m))
		}
	case m.failed != nil:
		return fmt.Errorf("answer\n  want returns: %s\n  got  %s", text(want.Returns), describe(m))
	case hasReturns:
		if where, ok := fits(want.Returns, m.ret, ""); !ok {
			return fmt.Errorf("answer differs at %q\n  want returns: %s\n  got  %s", where, text(want.Returns), describe(m))
		}
	}
	return nil
}

func orAny(class string) string {
	if class == "" {
		return "(any)"
	}
	return class
}

// compareEvents compares all events of a step.
func compareEvents(want []Event, got []received) error {
	same := len(want) == len(got)
	for i := range min(len(want), len(got)) {
		same = same && want[i].fits(got[i])
	}
	if same {
		return nil
	}
	var b strings.Builder
	b.WriteString("events")
	if len(want) == 0 {
		b.WriteString("\n  want none")
	}
	for _, w := range want {
		b.WriteString("\n  want " + w.String())
	}
	if len(got) == 0 {
		b.WriteString("\n  got  none")
	}
	for _, g := range got {
		b.WriteString("\n  got  " + g.text)
	}
	return errors.New(b.String())
}

func (e Event) fits(g received) bool {
	if e.Name != g.name {
		return false
	}
	if e.Data == nil {
		return true
	}
	var data any = g.data
	if g.data == nil {
		data = qjson.NewObject()
	}
	_, ok := fits(e.Data, data, "")
	return ok && g.data.Len() == e.Data.Len()
}

// String writes an event as it stands in a story.
func (e Event) String() string {
	if e.Data == nil {
		return e.Name
	}
	return e.Name + ": " + text(e.Data)
}

// check compares everything there is to see after a step.
func (r *runner) check(s *Step) error {
	if err := r.checkEnd(s); err != nil {
		return err
	}
	var errs []error
	c := r.client[s.Client]
	var got []received
	var order []string
	if c != nil {
		got, order = c.events, c.order
		c.events, c.order = nil, nil
	}
	if err := compareEvents(s.Want.Events, got); err != nil {
		errs = append(errs, err)
	}
	if s.Want.Order != nil && !slices.Equal(s.Want.Order, order) {
		errs = append(errs, fmt.Errorf("order\n  want %s\n  got  %s", strings.Join(s.Want.Order, ", "), strings.Join(order, ", ")))
	}
	errs = append(errs, r.checkOthers(s, c, got)...)
	if !r.ended {
		r.vm.Machine.Do(func() { errs = append(errs, r.story.look(r.vm.Machine, s.Want)...) })
	}
	return errors.Join(errs...)
}

// checkEnd compares whether the machine has ended with whether it should have.
func (r *runner) checkEnd(s *Step) error {
	switch {
	case r.ended && s.Want.Ended == nil && s.Verb != Look && s.Verb != Disconnect:
		return fmt.Errorf("the machine ended with status %d", r.vm.Wait())
	case s.Want.Ended != nil && !r.ended:
		return errors.New("the machine did not end")
	case s.Want.Ended != nil && r.vm.Wait() != *s.Want.Ended:
		return fmt.Errorf("the machine ended with status %d, expected %d", r.vm.Wait(), *s.Want.Ended)
	}
	return nil
}

// checkOthers compares the events of all other clients with those of the step's
// client: everybody hears the same, unless faults are armed.
func (r *runner) checkOthers(s *Step, c *client, got []received) (errs []error) {
	if r.faulty() {
		return nil
	}
	for _, o := range r.all {
		if o == c || r.client[o.name] != o || !o.ready {
			continue
		}
		if c != nil && c.ready && !slices.EqualFunc(got, o.events, func(a, b received) bool { return a.text == b.text }) {
			errs = append(errs, fmt.Errorf("client %s heard %d events where %s heard %d", o.name, len(o.events), s.Client, len(got)))
		}
		o.events, o.order = nil, nil
	}
	return errs
}

// faulty reports whether monitors do what they should not.
func (r *runner) faulty() bool {
	f := r.vm.Machine.MonitorFaults()
	f.CrashOn = ""
	return f != (machine.MonitorFaults{})
}
