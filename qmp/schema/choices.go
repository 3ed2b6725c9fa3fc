package schema

import (
	"maps"
	"slices"
)

// Choices lists the values of an enumeration within the arguments of a command,
// sorted; path names the members and variants that lead to it, and goes through
// lists. Nil when it does not lead to one.
func (s *Schema) Choices(command string, path ...string) []string {
	c, err := s.command(command)
	if err != nil {
		return nil
	}
	t := c.arguments
	for {
		if t == nil || t.decode(s) != nil {
			return nil
		}
		switch {
		case t.kind == "array":
			t = t.element
		case len(path) == 0:
			return slices.Sorted(maps.Keys(t.values))
		default:
			t, path = t.part(path[0]), path[1:]
		}
	}
}

// part returns the type of a member, or the variant of a name.
func (e *entry) part(name string) *entry {
	for i := range e.members {
		if e.members[i].name == name {
			return e.members[i].of
		}
	}
	return e.variants[name]
}

// Member is what a member of a command's arguments takes.
type Member struct {
	Kind    string   // "boolean", "int", "string", "enum", "array", "object" …
	Bits    int      // of an "int"
	Choices []string // of an "enum", sorted
}

// Members lists the members that a command's arguments can have, in order.
func (s *Schema) Members(command string) []string {
	c, err := s.command(command)
	if err != nil || c.arguments.decode(s) != nil {
		return nil
	}
	names := make([]string, 0, len(c.arguments.members))
	for _, m := range c.arguments.members {
		names = append(names, m.name)
	}
	return names
}

// Member describes a member of a command's arguments; false when there is none
// of that name.
func (s *Schema) Member(command, name string) (Member, bool) {
	c, err := s.command(command)
	if err != nil || c.arguments.decode(s) != nil {
		return Member{}, false
	}
	i := slices.IndexFunc(c.arguments.members, func(m member) bool { return m.name == name })
	if i < 0 {
		return Member{}, false
	}
	m := c.arguments.members[i]
	if m.of.decode(s) != nil {
		return Member{}, false
	}
	out := Member{Kind: m.of.kind, Bits: 64, Choices: slices.Sorted(maps.Keys(m.of.values))}
	if m.of.kind == "builtin" {
		out.Kind = m.of.json
	}
	if m.width != nil {
		out.Bits = m.width.bits
	}
	return out, true
}
