package vmstate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Stater has state that a migration carries.
type Stater interface{ VMState(f *Fields) }

// ErrNotMigratable is the error of what cannot be carried.
var ErrNotMigratable = errors.New("non-migratable")

// Blocked is why the machine cannot be carried as long as it has this object, in
// words that need no more said.
type Blocked string

func (b Blocked) Error() string { return string(b) }

// Fields is one section that is being saved or loaded. The first error stays;
// what comes after it does nothing.
type Fields struct {
	loading bool
	names   []string
	values  map[string]json.RawMessage
	read    map[string]bool
	later   *Later
	err     error
}

// Save returns what s has, as JSON; nil when it has nothing.
func Save(s Stater) (json.RawMessage, error) {
	f := newSaver()
	s.VMState(f)
	return f.encode()
}

func newSaver() *Fields { return &Fields{values: map[string]json.RawMessage{}} }

// Later is what is to be done when all of a machine is loaded, and when it goes
// on.
type Later struct{ Loaded, Started []func() }

// Load gives s what raw says, and adds to later what is still to be done.
func Load(s Stater, raw json.RawMessage, later *Later) error {
	f, err := newLoader(raw, later)
	if err != nil {
		return err
	}
	s.VMState(f)
	return f.finish()
}

func newLoader(raw json.RawMessage, later *Later) (*Fields, error) {
	f := &Fields{loading: true, values: map[string]json.RawMessage{}, read: map[string]bool{}, later: later}
	if len(raw) == 0 {
		return f, nil
	}
	return f, json.Unmarshal(raw, &f.values)
}

// encode returns the section, its fields in the order they were named.
func (f *Fields) encode() (json.RawMessage, error) {
	if f.err != nil || len(f.names) == 0 {
		return nil, f.err
	}
	out := []byte{'{'}
	for i, name := range f.names {
		if i > 0 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(name)
		out = append(append(append(out, key...), ':'), f.values[name]...)
	}
	return append(out, '}'), nil
}

// finish reports what went wrong, and fields that nobody asked for.
func (f *Fields) finish() error {
	if f.err != nil {
		return f.err
	}
	var unknown []string
	for name := range f.values {
		if !f.read[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("field '%s' is unknown", slices.Min(unknown))
	}
	return nil
}

// Loading reports whether values come in; otherwise they go out.
func (f *Fields) Loading() bool { return f.loading }

// Fail ends the saving or loading.
func (f *Fields) Fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// NotMigratable says that this object cannot be carried now.
func (f *Fields) NotMigratable() { f.Fail(ErrNotMigratable) }

// Loaded has fn called once all objects of the machine have their fields. When
// saving it does nothing.
func (f *Fields) Loaded(fn func()) {
	if f.loading {
		f.later.Loaded = append(f.later.Loaded, fn)
	}
}

// Started has fn called when the machine goes on, for work that was cut off at
// the source. When saving it does nothing.
func (f *Fields) Started(fn func()) {
	if f.loading {
		f.later.Started = append(f.later.Started, fn)
	}
}

// Field is the variable that p points to: a number, a truth value, a string, or
// a slice, array or struct of such.
func (f *Fields) Field(name string, p any) {
	if f.loading {
		if raw := f.take(name); raw != nil {
			if err := json.Unmarshal(raw, p); err != nil {
				f.Fail(fmt.Errorf("field '%s': %w", name, err))
			}
		}
		return
	}
	raw, err := json.Marshal(p)
	f.put(name, raw, err)
}

// Bytes is a block of bytes that has the same size on both sides.
func (f *Fields) Bytes(name string, p []byte) {
	in := p
	f.Field(name, &in)
	switch {
	case !f.loading || f.err != nil:
	case len(in) != len(p):
		f.Fail(fmt.Errorf("field '%s': %d bytes, and there are %d", name, len(in), len(p)))
	default:
		copy(p, in)
	}
}

// Group is a part with fields of its own.
func (f *Fields) Group(name string, part func(*Fields)) {
	f.List(name, 1, func(_ int, g *Fields) { part(g) })
}

// List is n parts that are alike; both sides have as many.
func (f *Fields) List(name string, n int, part func(i int, f *Fields)) {
	if !f.loading {
		f.Grow(name, n, part)
		return
	}
	f.Grow(name, n, func(i int, g *Fields) {
		if i < n {
			part(i, g)
		}
	})
	var list []json.RawMessage
	if f.err == nil && json.Unmarshal(f.values[name], &list) == nil && len(list) != n {
		f.Fail(fmt.Errorf("field '%s': %d entries, and there are %d", name, len(list), n))
	}
}

// Grow is parts that are alike, n of them when saving; when loading part is
// called for as many as there were.
func (f *Fields) Grow(name string, n int, part func(i int, f *Fields)) {
	if f.loading {
		f.loadParts(name, part)
		return
	}
	list := make([]json.RawMessage, n)
	var err error
	for i := range list {
		g := newSaver()
		part(i, g)
		if list[i], err = g.encode(); err != nil {
			f.Fail(err)
			return
		}
		if list[i] == nil {
			list[i] = json.RawMessage("{}")
		}
	}
	raw, err := json.Marshal(list)
	f.put(name, raw, err)
}

// Slice is the elements of a slice, each a part with fields of its own. When
// loading, *list becomes as long as it was, and part gets zero values to fill; it
// keeps no pointer to them.
func Slice[T any](f *Fields, name string, list *[]T, part func(e *T, f *Fields)) {
	if f.loading {
		*list = nil
	}
	f.Grow(name, len(*list), func(i int, g *Fields) {
		if f.loading {
			*list = append(*list, *new(T))
		}
		part(&(*list)[i], g)
	})
}

func (f *Fields) loadParts(name string, part func(i int, f *Fields)) {
	raw := f.take(name)
	if raw == nil {
		return
	}
	var list []json.RawMessage
	err := json.Unmarshal(raw, &list)
	for i := 0; err == nil && i < len(list); i++ {
		var g *Fields
		if g, err = newLoader(list[i], f.later); err == nil {
			part(i, g)
			err = g.err
			if err == nil {
				err = g.finish()
			}
		}
	}
	if err != nil {
		f.Fail(fmt.Errorf("%s: %w", name, err))
	}
}

// put keeps a value that is being saved.
func (f *Fields) put(name string, raw json.RawMessage, err error) {
	switch _, twice := f.values[name]; {
	case f.err != nil:
	case err != nil:
		f.err = fmt.Errorf("field '%s': %w", name, err)
	case twice:
		f.err = fmt.Errorf("field '%s' is named twice", name)
	default:
		f.names = append(f.names, name)
		f.values[name] = raw
	}
}

// take returns a value that is being loaded, nil after an error.
func (f *Fields) take(name string) json.RawMessage {
	if f.err != nil {
		return nil
	}
	raw, ok := f.values[name]
	if !ok {
		f.err = fmt.Errorf("field '%s' is missing", name)
		return nil
	}
	f.read[name] = true
	return raw
}
