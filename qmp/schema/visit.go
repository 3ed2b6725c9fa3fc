package schema

import (
	"errors"
	"strconv"

	"github.com/qomd/qomd/qmp/qjson"
)

// visitor walks through a value along its type, as QEMU's QObjectInputVisitor.
// Its path is kept as steps so that a correct value costs no text.
type visitor struct {
	s      *Schema
	output bool    // the value is one of ours: widths are those of arguments
	policy *Policy // what is refused; nil: nothing
	path   []step
}

// step is one level of nesting: a member, or an element when name is empty.
type step struct {
	name  string
	index int
}

// full is the complete name of a member, or of the current element if name is
// "": "capabilities[0].state".
func (v *visitor) full(name string) string {
	var text []byte
	for _, p := range append(v.path[:len(v.path):len(v.path)], step{name: name, index: -1}) {
		switch {
		case p.name != "":
			if len(text) > 0 {
				text = append(text, '.')
			}
			text = append(text, p.name...)
		case p.index >= 0:
			text = append(text, '[')
			text = strconv.AppendInt(text, int64(p.index), 10)
			text = append(text, ']')
		}
	}
	return string(text)
}

// bare is how QEMU names a parameter where it does not bother with the path: an
// element has no name, and a missing name is printed as "null".
func bare(name string) string {
	if name == "" {
		return "null"
	}
	return name
}

// object checks the members of o; its place is already on the path.
func (v *visitor) object(t *entry, o *qjson.Object) error {
	if err := t.decode(v.s); err != nil {
		return err
	}
	seen, err := v.members(t, o)
	if err != nil || seen == o.Len() {
		return err
	}
	name := firstLeft(o, visited(nil, t, o))
	if len(v.path) == 0 {
		return faultf("Parameter '%s' is unexpected", name)
	}
	return faultf("Parameter '%s.%s' is unexpected", v.full(""), name)
}

// members visits the members of type t and of the variant they select, and counts
// those that are there.
func (v *visitor) members(t *entry, o *qjson.Object) (seen int, err error) {
	if err := t.decode(v.s); err != nil {
		return 0, err
	}
	for i := range t.members {
		m := &t.members[i]
		value, ok := o.Get(m.name)
		if !ok {
			if m.optional {
				continue
			}
			return seen, missing(v.full(m.name))
		}
		seen++
		if err := v.policy.refuse("parameter", m.name, m.features); err != nil {
			return seen, err
		}
		if err := v.value(m.of, m.name, value, m.width); err != nil {
			return seen, err
		}
	}
	if variant := t.variant(o); variant != nil {
		n, err := v.members(variant, o)
		return seen + n, err
	}
	return seen, nil
}

// variant returns the variant that o selects; nil if there is none, or if the tag
// is optional and absent. The tag has been checked, so it is a known string.
func (t *entry) variant(o *qjson.Object) *entry {
	if t.tag == "" {
		return nil
	}
	selected, _ := first(o.Get(t.tag)).(string)
	return t.variants[selected]
}

// visited lists what members visited, in order.
func visited(list []string, t *entry, o *qjson.Object) []string {
	for _, m := range t.members {
		if o.Has(m.name) {
			list = append(list, m.name)
		}
	}
	if variant := t.variant(o); variant != nil {
		return visited(list, variant, o)
	}
	return list
}

// value checks one member (or element, if name is "") against its type.
func (v *visitor) value(t *entry, name string, value any, w *width) error {
	if err := t.decode(v.s); err != nil {
		return err
	}
	switch t.kind {
	case "object":
		o, ok := value.(*qjson.Object)
		if !ok {
			return mistyped(v.full(name), "object")
		}
		v.enter(name)
		err := v.object(t, o)
		v.leave(name)
		return err
	case "array":
		list, ok := value.([]any)
		if !ok {
			return mistyped(v.full(name), "array")
		}
		v.enter(name)
		defer v.leave(name)
		for i, e := range list {
			v.path = append(v.path, step{index: i})
			err := v.value(t.element, "", e, w)
			v.path = v.path[:len(v.path)-1]
			if err != nil {
				return err
			}
		}
		return nil
	case "enum":
		text, ok := value.(string)
		if !ok {
			return mistyped(v.full(name), "string")
		}
		if !t.values[text] {
			return faultf("Parameter '%s' does not accept value '%s'", bare(name), text)
		}
		return v.policy.refuse("value", text, t.marked[text])
	case "alternate":
		return v.alternate(t, name, value, w)
	case "builtin":
		return v.builtin(t, name, value, w)
	}
	return errors.New("schema: " + t.kind + " is not the type of a value")
}

// enter and leave put a member on the path. An element is there already.
func (v *visitor) enter(name string) {
	if name != "" {
		v.path = append(v.path, step{name: name, index: -1})
	}
}

func (v *visitor) leave(name string) {
	if name != "" {
		v.path = v.path[:len(v.path)-1]
	}
}

// alternate picks the choice by the JSON type of the value.
func (v *visitor) alternate(t *entry, name string, value any, w *width) error {
	for _, c := range t.choices {
		if err := c.decode(v.s); err != nil {
			return err
		}
		if c.takes(value) {
			return v.value(c, name, value, w)
		}
	}
	text, err := v.s.alternateName(t)
	if err != nil {
		return err
	}
	return mistyped(bare(name), text)
}

// takes reports whether a value of this JSON type selects the choice e.
func (e *entry) takes(value any) bool {
	switch value.(type) {
	case nil:
		return e.json == "null"
	case bool:
		return e.json == "boolean"
	case int64, uint64, float64:
		return e.json == "int" || e.json == "number"
	case string:
		return e.json == "string" || e.kind == "enum"
	case []any:
		return e.kind == "array"
	case *qjson.Object:
		return e.kind == "object"
	}
	return false
}

func (v *visitor) builtin(t *entry, name string, value any, w *width) error {
	ok, expected := true, ""
	switch t.json {
	case "value":
	case "null":
		ok, expected = value == nil, "null"
	case "boolean":
		_, ok = value.(bool)
		expected = "boolean"
	case "string":
		_, ok = value.(string)
		expected = "string"
	case "number":
		switch value.(type) {
		case int64, uint64, float64:
		default:
			ok = false
		}
		expected = "number"
	case "int":
		return v.integer(name, value, w)
	default:
		return errors.New("schema: unknown JSON type " + t.json)
	}
	if !ok {
		return mistyped(v.full(name), expected)
	}
	return nil
}

// integer checks type and range. QEMU reads members of unsigned types as uint64
// (negative numbers wrap), the others as int64, and then looks at the range.
// Where the width is not known it must be what fits either of the two.
func (v *visitor) integer(name string, value any, w *width) error {
	if v.output {
		w = nil
	}
	unsigned := w != nil && w.least == 0
	fits := true
	switch n := value.(type) {
	case int64:
		fits = w == nil || w.bits == 64 || n >= w.least && n <= w.most
	case uint64: // above the range of int64
		if w != nil && !unsigned {
			return mistyped(v.full(name), "integer")
		}
		fits = w == nil || w.bits == 64
	default:
		if unsigned {
			return faultf("Parameter '%s' expects uint64", v.full(name))
		}
		return mistyped(v.full(name), "integer")
	}
	if !fits {
		return faultf("Parameter '%s' expects %s", bare(name), w.name)
	}
	return nil
}
