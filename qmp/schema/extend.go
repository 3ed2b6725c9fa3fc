package schema

import (
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

// AddVariant lets a command take another value of the member that selects among
// its arguments, and with it the members of the object type typ. It must be
// called before the schema is first used; a command the schema lacks is
// skipped.
func (s *Schema) AddVariant(command, tag, value, typ string) {
	s.variants = append(s.variants, variant{command, tag, value, typ})
}

type variant struct{ command, tag, value, typ string }

// apply changes the texts of the entries concerned, before they are decoded.
func (v variant) apply(s *Schema) error {
	c := s.named[v.command]
	if c == nil {
		return nil
	}
	command, err := c.parse()
	if err != nil {
		return err
	}
	arg, _ := command.Get("arg-type")
	arguments, err := s.namedObject(arg)
	if err != nil {
		return err
	}
	members, _ := arguments.Get("members")
	list, _ := members.([]any)
	for _, m := range list {
		member, ok := m.(*qjson.Object)
		if !ok {
			continue
		}
		if name, _ := member.Get("name"); name != v.tag {
			continue
		}
		typ, _ := member.Get("type")
		enum, err := s.namedObject(typ)
		if err != nil {
			return err
		}
		push(enum, "values", v.value)
		if enum.Has("members") {
			push(enum, "members", qjson.NewObject(qjson.Member{Name: "name", Value: v.value}))
		}
		s.rewrite(typ, enum)
		push(arguments, "variants", qjson.NewObject(
			qjson.Member{Name: "case", Value: v.value}, qjson.Member{Name: "type", Value: v.typ}))
		s.rewrite(arg, arguments)
		return nil
	}
	return fmt.Errorf("schema: arguments of %s have no member %q", v.command, v.tag)
}

// parse reads the text of an entry that is not decoded yet.
func (e *entry) parse() (*qjson.Object, error) {
	v, err := qjson.Parse(e.raw)
	if err != nil {
		return nil, fmt.Errorf("schema: entry %q: %w", e.name, err)
	}
	o, ok := v.(*qjson.Object)
	if !ok {
		return nil, fmt.Errorf("schema: entry %q is no object", e.name)
	}
	return o, nil
}

func (s *Schema) namedObject(name any) (*qjson.Object, error) {
	text, _ := name.(string)
	e := s.named[text]
	if e == nil {
		return nil, fmt.Errorf("schema: no type %q", text)
	}
	return e.parse()
}

func (s *Schema) rewrite(name any, o *qjson.Object) {
	s.named[name.(string)].raw = qjson.Append(nil, o, false)
}

// push appends to a member that is an array.
func push(o *qjson.Object, name string, v any) {
	old, _ := o.Get(name)
	list, _ := old.([]any)
	o.Set(name, append(list[:len(list):len(list)], v))
}
