package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// textMember is a member of -numa's values, and how its text is read.
type textMember struct {
	name     string
	required bool
	read     func(name, text string) (any, error)
}

// numaMembers are the members for each type, in the order in which QEMU reads
// them.
var numaMembers = map[string][]textMember{
	"node": {
		{"nodeid", false, unsigned(16)}, {"cpus", false, nil}, {"mem", false, size}, {"memdev", false, asIs},
		{"initiator", false, unsigned(16)},
	},
	"dist": {{"src", true, unsigned(16)}, {"dst", true, unsigned(16)}, {"val", true, unsigned(8)}},
	"cpu": {
		{"node-id", false, signed}, {"drawer-id", false, signed}, {"book-id", false, signed}, {"socket-id", false, signed},
		{"die-id", false, signed}, {"cluster-id", false, signed}, {"module-id", false, signed}, {"core-id", false, signed},
		{"thread-id", false, signed},
	},
	"hmat-lb": {
		{"initiator", true, unsigned(16)}, {"target", true, unsigned(16)},
		{"hierarchy", true, oneOf("memory", "first-level", "second-level", "third-level")},
		{"data-type", true, oneOf("access-latency", "read-latency", "write-latency",
			"access-bandwidth", "read-bandwidth", "write-bandwidth")},
		{"latency", false, unsigned(64)}, {"bandwidth", false, size},
	},
	"hmat-cache": {
		{"node-id", true, unsigned(32)}, {"size", true, size}, {"level", true, unsigned(8)},
		{"associativity", true, oneOf("none", "direct", "complex")},
		{"policy", true, oneOf("none", "write-back", "write-through")}, {"line", true, unsigned(16)},
	},
}

// NUMAArguments turns the values of one -numa, which are text, into the arguments
// of set-numa-node. The errors are those of QEMU's option visitor.
func NUMAArguments(values *qjson.Object) (*qjson.Object, error) {
	if values == nil {
		values = qjson.NewObject()
	}
	kind, ok := values.Get("type")
	if !ok {
		return nil, errors.New("Parameter 'type' is missing")
	}
	members, ok := numaMembers[fmt.Sprint(kind)]
	if !ok {
		return nil, fmt.Errorf("Parameter 'type' does not accept value '%v'", kind)
	}
	args := qjson.NewObject(qjson.Member{Name: "type", Value: kind})
	rest := values.Clone()
	rest.Delete("type")
	for _, m := range members {
		v, ok := values.Get(m.name)
		rest.Delete(m.name)
		switch {
		case !ok && m.required:
			return nil, fmt.Errorf("Parameter '%s' is missing", m.name)
		case !ok:
			continue
		}
		value, err := m.value(v)
		if err != nil {
			return nil, err
		}
		args.Set(m.name, value)
	}
	for name := range rest.All() {
		return nil, fmt.Errorf("Invalid parameter '%s'", name)
	}
	return args, nil
}

// value reads what was said: of several texts the last, unless it is a list.
func (m textMember) value(v any) (any, error) {
	said, ok := v.([]any)
	if !ok {
		said = []any{v}
	}
	if m.read != nil {
		return m.read(m.name, fmt.Sprint(said[len(said)-1]))
	}
	list := []any{}
	for _, s := range said {
		var err error
		if list, err = appendRange(list, m.name, fmt.Sprint(s)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// maxRange is how long a range of numbers may be.
const maxRange = 65536

// appendRange adds a number, or all from one to another: "2-5".
func appendRange(list []any, name, text string) ([]any, error) {
	first, last, isRange := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 0, 64)
	to := from
	if err == nil && isRange {
		to, err = strconv.ParseUint(last, 0, 64)
	}
	if err != nil || to < from || to-from >= maxRange {
		return nil, fmt.Errorf("Parameter '%s' expects a uint64 value or range", name)
	}
	for n := from; n <= to; n++ {
		list = append(list, int64(n))
	}
	return list, nil
}

func asIs(_, text string) (any, error) { return text, nil }

// unsigned reads a number without a sign that has so many bits.
func unsigned(width int) func(name, text string) (any, error) {
	return func(name, text string) (any, error) {
		n, err := strconv.ParseUint(text, 0, 64)
		switch {
		case err != nil:
			return nil, fmt.Errorf("Parameter '%s' expects a uint64 value", name)
		case width < 64 && n>>width != 0:
			return nil, fmt.Errorf("Parameter '%s' expects uint%d_t", name, width)
		}
		return n, nil
	}
}

func signed(name, text string) (any, error) {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return nil, fmt.Errorf("Parameter '%s' expects an int64 value", name)
	}
	return n, nil
}

func size(name, text string) (any, error) {
	n, err := ParseSize(text, 0)
	if err != nil {
		return nil, fmt.Errorf("Parameter '%s' expects a size value", name)
	}
	return n, nil
}

func oneOf(words ...string) func(name, text string) (any, error) {
	return func(name, text string) (any, error) {
		if !contains(words, text) {
			return nil, fmt.Errorf("Parameter '%s' does not accept value '%s'", name, text)
		}
		return text, nil
	}
}
