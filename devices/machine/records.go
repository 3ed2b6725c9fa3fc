package machine

import (
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// part describes a member of a structured property of /machine.
type part struct {
	name     string
	required bool
	read     func(in qom.Input, name string) (any, error)
}

func asBool(in qom.Input, name string) (any, error)   { return in.Bool(name) }
func asInt(in qom.Input, name string) (any, error)    { return in.Int64(name) }
func asString(in qom.Input, name string) (any, error) { return in.Str(name) }
func asSize(in qom.Input, name string) (any, error)   { return in.Size(name) }
func asUint(in qom.Input, name string) (any, error)   { return in.Uint64(name) }

// oneOf reads a word that has to be one of several.
func oneOf(words ...string) func(qom.Input, string) (any, error) {
	return func(in qom.Input, name string) (any, error) {
		s, err := in.Str(name)
		if err != nil {
			return nil, err
		}
		for _, w := range words {
			if s == w {
				return s, nil
			}
		}
		return nil, fmt.Errorf("Parameter '%s' does not accept value '%s'", name, s)
	}
}

// asStrings reads a list of strings.
func asStrings(in qom.Input, name string) (any, error) {
	list, ok := in.Raw().([]any)
	if !ok {
		return nil, invalidType(name, "array")
	}
	for i, v := range list {
		if _, err := in.Part(v).Str(element(in, name, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// element names an element of a list, as options or JSON do.
func element(in qom.Input, name string, i int) string {
	if in.IsText() {
		return fmt.Sprintf("%s.%d", name, i)
	}
	return fmt.Sprintf("%s[%d]", name, i)
}

func invalidType(name, want string) error {
	return fmt.Errorf("Invalid parameter type for '%s', expected: %s", name, want)
}

// readRecord reads an object with the given members, with QEMU's errors: members
// in their order, then what is left over.
func readRecord(in qom.Input, name string, members []part) (*qjson.Object, error) {
	given, ok := in.Raw().(*qjson.Object)
	if !ok {
		return nil, invalidType(name, "object")
	}
	read, rest := &qjson.Object{}, given.Clone()
	for _, m := range members {
		v, ok := given.Get(m.name)
		if !ok {
			if m.required {
				return nil, fmt.Errorf("Parameter '%s.%s' is missing", name, m.name)
			}
			continue
		}
		value, err := m.read(in.Part(v).Under(name+"."), m.name)
		if err != nil {
			return nil, err
		}
		read.Set(m.name, value)
		rest.Delete(m.name)
	}
	for extra := range rest.Hashed() {
		return nil, fmt.Errorf("Parameter '%s.%s' is unexpected", name, extra)
	}
	return read, nil
}

// readRecords reads a list of such objects.
func readRecords(in qom.Input, name string, members []part) ([]any, error) {
	given, ok := in.Raw().([]any)
	if !ok {
		return nil, invalidType(name, "array")
	}
	list := make([]any, len(given))
	for i, v := range given {
		r, err := readRecord(in.Part(v), element(in, name, i), members)
		if err != nil {
			return nil, err
		}
		list[i] = r
	}
	return list, nil
}
