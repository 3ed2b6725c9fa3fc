package schema

import (
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// Policy says what becomes of parts of the protocol that are going away or may
// change, as -compat does. The zero value accepts and shows everything.
type Policy struct {
	RejectDeprecated, RejectUnstable bool // in requests
	HideDeprecated, HideUnstable     bool // in replies and events
	// CrashDeprecated and CrashUnstable: as rejected, but Crash is called first.
	CrashDeprecated, CrashUnstable bool
	Crash                          func(why string)
	// HideUnknown leaves members out that the schema does not know: a reply of a
	// later version becomes one of the schema's.
	HideUnknown bool
}

// refuse answers what is said against a part that has those features; nil when
// it is accepted. A nil policy accepts everything.
func (p *Policy) refuse(kind, name string, features []string) error {
	if p == nil || len(features) == 0 {
		return nil
	}
	err := p.against("Deprecated", p.RejectDeprecated, p.CrashDeprecated, kind, name, slices.Contains(features, "deprecated"))
	if err == nil {
		err = p.against("Unstable", p.RejectUnstable, p.CrashUnstable, kind, name, slices.Contains(features, "unstable"))
	}
	return err
}

// against answers what is said against a part with one feature.
func (p *Policy) against(feature string, reject, crash bool, kind, name string, has bool) error {
	if !has || !reject && !crash {
		return nil
	}
	err := faultf("%s %s %s disabled by policy", feature, kind, name)
	if crash {
		p.Crash(err.Error())
	}
	return err
}

// hidesNone reports whether replies and events are shown as they are.
func (p *Policy) hidesNone() bool {
	return p == nil || !p.HideDeprecated && !p.HideUnstable && !p.HideUnknown
}

func (p *Policy) hides(features []string) bool {
	return p.HideDeprecated && slices.Contains(features, "deprecated") ||
		p.HideUnstable && slices.Contains(features, "unstable")
}

// Under is a schema that is applied with a policy.
type Under struct {
	*Schema
	Policy *Policy // nil accepts and shows everything
}

// RefuseCommand answers what the policy says against a command; nil when it may
// run.
func (u Under) RefuseCommand(name string) error {
	if u.Policy == nil {
		return nil
	}
	return u.Policy.refuse("command", name, u.Features(name))
}

// CheckArguments is [Schema.CheckArguments] with the policy.
func (u Under) CheckArguments(command string, args *qjson.Object) error {
	return u.checkArguments(command, args, u.Policy)
}

// Reply returns what a command answers without what the policy hides.
func (u Under) Reply(command string, result any) (any, error) {
	if u.Policy.hidesNone() {
		return result, nil
	}
	e, err := u.command(command)
	if err != nil || e.reply == nil {
		return result, nil
	}
	v, err := rebuilt(result)
	if err != nil {
		return nil, err
	}
	if command == introspection {
		v = u.Policy.visible(v)
	}
	return v, u.hide(e.reply, v)
}

// rebuilt makes a value of JSON of whatever describes one, to be changed.
func rebuilt(v any) (any, error) {
	v, err := qjson.Parse(qjson.Append(nil, v, false))
	return qjson.AsInserted(v), err
}

// introspection is the command whose reply is about the schema.
const introspection = "query-qmp-schema"

// visible drops what the schema tells of parts that are going away, wherever it
// stands in a list. What may change is told of all the same, as by QEMU.
func (p *Policy) visible(v any) any {
	switch v := v.(type) {
	case []any:
		list := slices.DeleteFunc(v, func(e any) bool {
			o, ok := e.(*qjson.Object)
			if !ok {
				return false
			}
			features, _ := first(o.Get("features")).([]any)
			return p.HideDeprecated && slices.Contains(features, any("deprecated"))
		})
		for _, e := range list {
			p.visible(e)
		}
		return list
	case *qjson.Object:
		for name, inner := range v.Clone().All() {
			v.Set(name, p.visible(inner))
		}
	}
	return v
}

// HidesEvent reports whether an event is not to be sent.
func (u Under) HidesEvent(name string) bool {
	return u.Policy != nil && u.Policy.hides(u.Features(name))
}

// Event returns the data of an event without what the policy hides.
func (u Under) Event(name string, data any) (any, error) {
	if u.Policy.hidesNone() || data == nil {
		return data, nil
	}
	e, err := u.ofKind("event", name)
	if err != nil {
		return data, nil
	}
	v, err := rebuilt(data)
	if err != nil {
		return nil, err
	}
	return v, u.hide(e.arguments, v)
}

// hide takes hidden members out of a value of type t.
func (u Under) hide(t *entry, value any) error {
	if err := t.decode(u.Schema); err != nil {
		return err
	}
	switch t.kind {
	case "array":
		list, _ := value.([]any)
		for _, e := range list {
			if err := u.hide(t.element, e); err != nil {
				return err
			}
		}
	case "alternate":
		for _, c := range t.choices {
			if err := c.decode(u.Schema); err != nil {
				return err
			}
			if c.takes(value) {
				return u.hide(c, value)
			}
		}
	case "object":
		o, ok := value.(*qjson.Object)
		if !ok {
			return nil
		}
		if u.Policy.HideUnknown {
			u.dropUnknown(t, o)
		}
		return u.hideMembers(t, o)
	}
	return nil
}

func (u Under) hideMembers(t *entry, o *qjson.Object) error {
	if err := t.decode(u.Schema); err != nil {
		return err
	}
	variant := t.variant(o)
	for i := range t.members {
		m := &t.members[i]
		value, ok := o.Get(m.name)
		switch {
		case !ok:
		case u.Policy.hides(m.features):
			o.Delete(m.name)
		default:
			if err := u.hide(m.of, value); err != nil {
				return err
			}
		}
	}
	if variant != nil {
		return u.hideMembers(variant, o)
	}
	return nil
}

// dropUnknown takes members out of an object that its type does not have.
func (u Under) dropUnknown(t *entry, o *qjson.Object) {
	known := map[string]bool{}
	for k := t; k != nil && k.decode(u.Schema) == nil; k = k.variant(o) {
		for i := range k.members {
			known[k.members[i].name] = true
		}
	}
	for name := range o.Clone().All() {
		if !known[name] {
			o.Delete(name)
		}
	}
}
