package schema

import (
	"math"
	"strconv"
	"strings"

	"github.com/qomd/qomd/glib"
	"github.com/qomd/qomd/qmp/qjson"
)

// Option is one key=value of QEMU's older option syntax.
type Option struct{ Name, Value string }

// ReadOptions makes the arguments of a command out of options, giving every
// value the type of its member, with QEMU's words for what does not fit. The
// options are flat: members of an object within the arguments are looked for
// among those that are left. A member that is a list takes its option as often
// as it is given; of others the last one counts. size reads a number of bytes.
func (s *Schema) ReadOptions(command string, options []Option, size func(string) (uint64, error)) (*qjson.Object, error) {
	c, err := s.command(command)
	if err != nil {
		return nil, err
	}
	r := &optionReader{s: s, left: options, size: size}
	o, err := r.object(c.arguments)
	if err != nil {
		return nil, err
	}
	if len(r.left) > 0 {
		return nil, faultf("Invalid parameter '%s'", r.firstLeft(options))
	}
	return o, nil
}

type optionReader struct {
	s    *Schema
	left []Option // not yet used
	size func(string) (uint64, error)
}

// take uses up all options of a name.
func (r *optionReader) take(name string) (values []string) {
	var left []Option
	for _, o := range r.left {
		if o.Name == name {
			values = append(values, o.Value)
		} else {
			left = append(left, o)
		}
	}
	r.left = left
	return values
}

// firstLeft names an unused option; which of several depends on QEMU's table.
func (r *optionReader) firstLeft(all []Option) string {
	var t glib.HashTable
	for _, o := range all {
		t.Insert(o.Name)
	}
	unused := func(name string) bool {
		for _, o := range r.left {
			if o.Name == name {
				return true
			}
		}
		return false
	}
	for _, o := range all {
		if !unused(o.Name) {
			t.Remove(o.Name)
		}
	}
	return t.First()
}

// object reads the members of an object and of the variant they select.
func (r *optionReader) object(t *entry) (*qjson.Object, error) {
	o := qjson.NewObject()
	for t != nil {
		if err := t.decode(r.s); err != nil {
			return nil, err
		}
		for i := range t.members {
			if err := r.member(&t.members[i], o); err != nil {
				return nil, err
			}
		}
		t = t.variant(o)
	}
	return o, nil
}

func (r *optionReader) member(m *member, o *qjson.Object) error {
	if err := m.of.decode(r.s); err != nil {
		return err
	}
	if m.of.kind == "object" {
		if m.optional {
			return nil
		}
		v, err := r.object(m.of)
		if err == nil {
			o.Set(m.name, v)
		}
		return err
	}
	values := r.take(m.name)
	if len(values) == 0 {
		if m.optional {
			return nil
		}
		return missing(m.name)
	}
	if m.of.kind != "array" {
		v, err := r.scalar(m.of, m, values[len(values)-1])
		if err == nil {
			o.Set(m.name, v)
		}
		return err
	}
	if err := m.of.element.decode(r.s); err != nil {
		return err
	}
	list := []any{}
	for _, text := range values {
		if m.of.element.json == "int" {
			numbers, err := ranged(m.name, text)
			if err != nil {
				return err
			}
			list = append(list, numbers...)
			continue
		}
		v, err := r.element(m, text)
		if err != nil {
			return err
		}
		list = append(list, v)
	}
	o.Set(m.name, list)
	return nil
}

// maxRange is how many numbers a range may have.
const maxRange = 65536

// ranged reads one value of a list of numbers: "1" or "2-4".
func ranged(name, text string) (list []any, err error) {
	first, end, isRange := strings.Cut(text, "-")
	if !isRange {
		end = first
	}
	low, err := strconv.ParseUint(first, 0, 63)
	high, errHigh := strconv.ParseUint(end, 0, 63)
	if err != nil || errHigh != nil || high < low || high-low >= maxRange {
		return nil, faultf("Parameter '%s' expects a uint64 value or range", name)
	}
	for n := low; n <= high; n++ {
		list = append(list, int64(n))
	}
	return list, nil
}

// element reads one value of a list: a scalar, or an object of one scalar.
func (r *optionReader) element(m *member, text string) (any, error) {
	t := m.of.element
	if err := t.decode(r.s); err != nil {
		return nil, err
	}
	if t.kind != "object" || len(t.members) != 1 {
		return r.scalar(t, m, text)
	}
	inner := &t.members[0]
	if err := inner.of.decode(r.s); err != nil {
		return nil, err
	}
	v, err := r.scalar(inner.of, inner, text)
	return qjson.NewObject(qjson.Member{Name: inner.name, Value: v}), err
}

// scalar reads a value of the member m.
func (r *optionReader) scalar(t *entry, m *member, text string) (any, error) {
	switch {
	case t.kind == "enum":
		if !t.values[text] {
			return nil, faultf("Parameter '%s' does not accept value '%s'", m.name, text)
		}
	case t.json == "boolean":
		switch text {
		case "on", "yes", "true", "y":
			return true, nil
		case "off", "no", "false", "n":
			return false, nil
		}
		return nil, faultf("Parameter '%s' expects 'on' or 'off'", m.name)
	case t.json == "int":
		return r.number(m, text)
	}
	return text, nil
}

// number reads a number of the member's width, of 64 bits with a sign where it is
// not known.
func (r *optionReader) number(m *member, text string) (any, error) {
	w := m.width
	switch {
	case w == nil || w.least < 0:
		n, err := strconv.ParseInt(text, 0, 64)
		if err != nil || strings.Contains(text, "_") {
			return nil, faultf("Parameter '%s' expects an int64 value", m.name)
		}
		return r.inRange(m, n, w == nil || w.bits == 64 || n >= w.least && n <= w.most)
	case w.name == sizeWidth:
		n, err := r.size(text)
		if err != nil {
			return nil, faultf("Parameter '%s' expects a size value", m.name)
		}
		return r.inRange(m, int64(n), true)
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil || strings.Contains(text, "_") {
		return nil, faultf("Parameter '%s' expects a uint64 value", m.name)
	}
	if n > math.MaxInt64 {
		return n, nil
	}
	return r.inRange(m, int64(n), w.bits == 64 || int64(n) <= w.most)
}

func (r *optionReader) inRange(m *member, n int64, fits bool) (any, error) {
	if !fits {
		return nil, faultf("Parameter '%s' expects %s", m.name, m.width.name)
	}
	return n, nil
}
