package schema

import (
	"fmt"
	"sync"

	"github.com/qomd/qomd/qmp/qjson"
)

// Schema is a parsed, or yet to be parsed, introspection schema.
type Schema struct {
	load  func() ([]byte, error)
	once  sync.Once
	err   error
	order []*entry
	named map[string]*entry

	variants []variant // of AddVariant
}

// New returns a schema whose text load provides when it is first needed.
func New(load func() ([]byte, error)) *Schema { return &Schema{load: load} }

// Parse returns the schema in data, a JSON array of query-qmp-schema's entries.
// Only the outline is read; entries are decoded on first use. data is kept.
func Parse(data []byte) (*Schema, error) {
	s := New(func() ([]byte, error) { return data, nil })
	return s, s.ready()
}

// ready reads the outline, once.
func (s *Schema) ready() error {
	s.once.Do(func() {
		var data []byte
		if data, s.err = s.load(); s.err != nil {
			return
		}
		s.order, s.err = outline(data)
		s.named = make(map[string]*entry, len(s.order))
		for _, e := range s.order {
			s.named[e.name] = e
		}
		for _, v := range s.variants {
			if s.err == nil {
				s.err = v.apply(s)
			}
		}
	})
	return s.err
}

// entry finds an entry and decodes it; nil if there is none.
func (s *Schema) entry(name string) (*entry, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	e := s.named[name]
	if e == nil {
		return nil, nil
	}
	return e, e.decode(s)
}

// command finds the entry of a command.
func (s *Schema) command(name string) (*entry, error) { return s.ofKind("command", name) }

func (s *Schema) ofKind(kind, name string) (*entry, error) {
	e, err := s.entry(name)
	if err != nil {
		return nil, err
	}
	if e == nil || e.kind != kind {
		return nil, fmt.Errorf("schema: no %s %q", kind, name)
	}
	return e, nil
}

// HasCommand reports whether the schema has a command called name.
func (s *Schema) HasCommand(name string) bool {
	_, err := s.command(name)
	return err == nil
}

// AllowOOB reports whether QEMU runs the command out of band.
func (s *Schema) AllowOOB(name string) bool {
	e, err := s.command(name)
	return err == nil && e.allowOOB
}

// Features lists the features of a command or event, such as "deprecated".
func (s *Schema) Features(name string) []string {
	e, err := s.entry(name)
	if err != nil || e == nil {
		return nil
	}
	return e.features
}

// Commands lists the names of all commands in the order of the schema.
func (s *Schema) Commands() []string { return s.names("command") }

// Events lists the names of all events in the order of the schema.
func (s *Schema) Events() []string { return s.names("event") }

func (s *Schema) names(kind string) []string {
	if s.ready() != nil {
		return nil
	}
	var list []string
	for _, e := range s.order {
		if e.decode(s) == nil && e.kind == kind {
			list = append(list, e.name)
		}
	}
	return list
}

// Subset returns what query-qmp-schema answers when only the given commands and
// events exist: their entries and every type reachable from them, in the order
// and with the names of the whole schema. Names the schema lacks are skipped.
func (s *Schema) Subset(commands, events []string) ([]any, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	keep := make(map[*entry]bool)
	var mark func(e *entry) error
	mark = func(e *entry) error {
		if e == nil || keep[e] {
			return nil
		}
		if err := e.decode(s); err != nil {
			return err
		}
		keep[e] = true
		for _, next := range e.references() {
			if err := mark(next); err != nil {
				return err
			}
		}
		return nil
	}
	for kind, names := range map[string][]string{"command": commands, "event": events} {
		for _, name := range names {
			if e, err := s.ofKind(kind, name); err == nil {
				if err := mark(e); err != nil {
					return nil, err
				}
			}
		}
	}
	list := make([]any, 0, len(keep))
	for _, e := range s.order {
		if !keep[e] {
			continue
		}
		v, err := qjson.Parse(e.raw)
		if err != nil {
			return nil, fmt.Errorf("schema: entry %q: %w", e.name, err)
		}
		list = append(list, v)
	}
	return list, nil
}
