package schema

import (
	"errors"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// ReadKeyval returns the arguments of a command that were written in QEMU's newer
// key=value syntax with the types they have in JSON: keys with dots have become
// objects and lists, and what is not one of those is text. The first mistake is
// told in the words and the order of QEMU's visitor. size reads a number of bytes.
func (s *Schema) ReadKeyval(command string, o *qjson.Object, size func(string) (uint64, error)) (*qjson.Object, error) {
	e, err := s.command(command)
	if err != nil {
		return nil, err
	}
	r := keyvalReader{visitor: visitor{s: s}, size: size}
	return r.object(e.arguments, o)
}

// ReadLikeReply is ReadKeyval for what a command answers with, or the elements of
// its list: the way to types that no command takes. Text says that o is text;
// otherwise it is only checked.
func (s *Schema) ReadLikeReply(command string, o *qjson.Object, text bool, size func(string) (uint64, error)) (*qjson.Object, error) {
	e, err := s.command(command)
	if err != nil {
		return nil, err
	}
	t := e.reply
	if err := t.decode(s); err != nil {
		return nil, err
	}
	if t.kind == "array" {
		t = t.element
	}
	v := visitor{s: s}
	if !text {
		return o, v.object(t, o)
	}
	r := keyvalReader{visitor: v, size: size}
	return r.object(t, o)
}

// keyvalReader makes typed values of text along their type.
type keyvalReader struct {
	visitor
	size func(string) (uint64, error)
}

// object reads the members of o; its place is already on the path.
func (r *keyvalReader) object(t *entry, o *qjson.Object) (*qjson.Object, error) {
	if err := t.decode(r.s); err != nil {
		return nil, err
	}
	to := qjson.NewObject()
	if err := r.members(t, o, to); err != nil {
		return nil, err
	}
	if to.Len() == o.Len() {
		return to, nil
	}
	name := firstLeft(o, visited(nil, t, o))
	if len(r.path) > 0 {
		name = r.full("") + "." + name
	}
	return nil, faultf("Parameter '%s' is unexpected", name)
}

// members reads the members of type t and of the variant they select.
func (r *keyvalReader) members(t *entry, o, to *qjson.Object) error {
	if err := t.decode(r.s); err != nil {
		return err
	}
	for i := range t.members {
		m := &t.members[i]
		value, ok := o.Get(m.name)
		if !ok && m.optional {
			continue
		} else if !ok {
			return missing(r.full(m.name))
		}
		read, err := r.value(m.of, m.name, value, m.width)
		if err != nil {
			return err
		}
		to.Set(m.name, read)
	}
	if variant := t.variant(to); variant != nil {
		return r.members(variant, o, to)
	}
	return nil
}

// value reads one member (or element, if name is "").
func (r *keyvalReader) value(t *entry, name string, value any, w *width) (any, error) {
	if err := t.decode(r.s); err != nil {
		return nil, err
	}
	text, isText := value.(string)
	switch t.kind {
	case "object":
		o, ok := value.(*qjson.Object)
		if !ok {
			return nil, mistyped(r.full(name), "object")
		}
		r.enter(name)
		defer r.leave(name)
		return r.object(t, o)
	case "array":
		return r.list(t, name, value, w)
	case "alternate":
		return r.alternate(t, name, value, w)
	case "builtin":
		if isText {
			return r.scalar(t, name, text, w)
		}
	}
	return value, r.visitor.value(t, name, value, w)
}

func (r *keyvalReader) list(t *entry, name string, value any, w *width) (any, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, mistyped(r.full(name), "array")
	}
	r.enter(name)
	defer r.leave(name)
	list := make([]any, len(items))
	for i, item := range items {
		r.path = append(r.path, step{index: i})
		read, err := r.value(t.element, "", item, w)
		r.path = r.path[:len(r.path)-1]
		if err != nil {
			return nil, err
		}
		list[i] = read
	}
	return list, nil
}

// alternate picks the choice that a value can be; a text that could be a text is
// nothing else.
func (r *keyvalReader) alternate(t *entry, name string, value any, w *width) (any, error) {
	var scalar *entry
	for _, c := range t.choices {
		if err := c.decode(r.s); err != nil {
			return nil, err
		}
		if c.takes(value) {
			return r.value(c, name, value, w)
		}
		if c.kind == "builtin" && c.json != "null" {
			scalar = c
		}
	}
	if _, isText := value.(string); isText && scalar != nil {
		return r.value(scalar, name, value, w)
	}
	text, err := r.s.alternateName(t)
	if err != nil {
		return nil, err
	}
	return nil, mistyped(bare(name), text)
}

// onOff is what a switch may be as text.
var onOff = map[string]bool{"on": true, "yes": true, "true": true, "y": true, "off": false, "no": false, "false": false, "n": false}

// scalar reads a text of a type that is none.
func (r *keyvalReader) scalar(t *entry, name, text string, w *width) (any, error) {
	switch t.json {
	case "boolean":
		on, ok := onOff[text]
		if !ok {
			return nil, faultf("Parameter '%s' expects 'on' or 'off'", r.full(name))
		}
		return on, nil
	case "int":
		return r.integer(name, text, w)
	case "number":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, faultf("Parameter '%s' expects a number", r.full(name))
		}
		return f, nil
	}
	return text, nil
}

// integer reads a number; some are of bytes and may have a suffix.
func (r *keyvalReader) integer(name, text string, w *width) (any, error) {
	if w != nil && w.name == sizeWidth {
		n, err := r.size(text)
		if err != nil || n > 1<<63-1 {
			return nil, faultf("Parameter '%s' expects size", r.full(name))
		}
		return int64(n), nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "+"), 0, 64)
	if err != nil && errors.Is(err, strconv.ErrRange) && w != nil && w.least == 0 && w.bits == 64 {
		if n, err := strconv.ParseUint(text, 0, 64); err == nil {
			return n, nil
		}
	}
	if err != nil || strings.Contains(text, "_") {
		return nil, faultf("Parameter '%s' expects integer", r.full(name))
	}
	return n, r.visitor.integer(name, n, w)
}
