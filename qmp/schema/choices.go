package schema

import (
	"maps"
	"slices"
)

// Choices lists the values of an enumeration within the arguments of a command,
// sorted; path names the members that lead to it, and goes through lists. Nil
// when it does not lead to one.
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
			i := slices.IndexFunc(t.members, func(m member) bool { return m.name == path[0] })
			if i < 0 {
				return nil
			}
			t, path = t.members[i].of, path[1:]
		}
	}
}
