package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// maxFragment is the longest part of a dotted key, in bytes.
const maxFragment = 127

// ParseKeyval reads QEMU's newer key=value syntax, that of -machine, -smp,
// -boot, -audiodev, -display and -compat: parts separated by commas, each
// KEY=VALUE, with a comma in a value written twice. Dots in a key make nested
// objects, and numbers between the dots make lists: "a.b=x,c.0=y". The first
// part may be a value alone, which then belongs to implied (unless that is
// empty); such a value cannot contain a comma. All values are strings.
//
// Help is set when a part is "help" or "?". The texts of errors are those of
// QEMU's util/keyval.c.
func ParseKeyval(text, implied string) (values *qjson.Object, help bool, err error) {
	values = qjson.NewObject()
	help, err = keyvalInto(values, text, implied)
	if err != nil {
		return nil, false, err
	}
	list, err := listify(values, "")
	if err != nil {
		return nil, false, err
	}
	return list.(*qjson.Object), help, nil
}

// keyvalInto adds the parts of text to values without making lists yet, so
// that a repeated option can add to an earlier one.
func keyvalInto(values *qjson.Object, text, implied string) (help bool, err error) {
	for first := true; text != ""; first = false {
		end := strings.IndexAny(text, "=,")
		bare := end < 0 || text[end] == ','
		part := text
		if bare && end >= 0 {
			part = text[:end]
		}
		if bare && (part == "help" || part == "?") {
			help = true
			text = strings.TrimPrefix(text[len(part):], ",")
			continue
		}
		if bare && first && implied != "" {
			if err := setDotted(values, implied, part); err != nil {
				return false, err
			}
			text = strings.TrimPrefix(text[len(part):], ",")
			continue
		}
		key := text
		if end >= 0 {
			key = text[:end]
		}
		if err := checkKey(key); err != nil {
			return false, err
		}
		if bare {
			return false, fmt.Errorf("Expected '=' after parameter '%s'", key)
		}
		var value string
		value, text = untilComma(text[end+1:])
		if err := setDotted(values, key, value); err != nil {
			return false, err
		}
	}
	return help, nil
}

// untilComma cuts a value off text: up to the first single comma, which is
// dropped, with doubled commas made single.
func untilComma(text string) (value, rest string) {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, ',')
		if i < 0 {
			return b.String() + text, ""
		}
		b.WriteString(text[:i])
		if !strings.HasPrefix(text[i:], ",,") {
			return b.String(), text[i+1:]
		}
		b.WriteByte(',')
		text = text[i+2:]
	}
}

// checkKey holds a dotted key to the names the QAPI language knows.
func checkKey(key string) error {
	for i, rest := 0, key; ; i++ {
		n := nameLength(rest)
		if n == 0 && i > 0 {
			n = digits(rest)
		}
		if n == 0 || n < len(rest) && rest[n] != '.' {
			return fmt.Errorf("Invalid parameter '%s'", key)
		}
		if n > maxFragment {
			what := "Parameter"
			if n < len(key) {
				what = "Parameter fragment"
			}
			return fmt.Errorf("%s '%s' is too long", what, rest[:n])
		}
		if n == len(rest) {
			return nil
		}
		rest = rest[n+1:]
	}
}

// nameLength measures the QAPI name at the start of s: a letter followed by
// letters, digits, '-' and '_', or with a downstream prefix "__DOMAIN_", whose
// domain may have dots in it.
func nameLength(s string) int {
	n := 0
	if strings.HasPrefix(s, "__") {
		n = 2
		for n < len(s) && (alphanumeric(s[n]) || s[n] == '-' || s[n] == '.') {
			n++
		}
		if n >= len(s) || s[n] != '_' {
			return 0
		}
		n++
	}
	if n >= len(s) || !letter(s[n]) {
		return 0
	}
	for n < len(s) && (alphanumeric(s[n]) || s[n] == '-' || s[n] == '_') {
		n++
	}
	return n
}

func digits(s string) (n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func alphanumeric(c byte) bool { return letter(c) || c >= '0' && c <= '9' }

// fragments splits a key at its dots, except for those of a downstream prefix.
// A file may have keys that checkKey would refuse; they stay as they are.
func fragments(key string) []string {
	var parts []string
	for {
		n := nameLength(key)
		if n == 0 || n < len(key) && key[n] != '.' {
			if n = strings.IndexByte(key, '.'); n < 0 {
				n = len(key)
			}
		}
		parts = append(parts, key[:n])
		if n == len(key) {
			return parts
		}
		key = key[n+1:]
	}
}

// setDotted stores a value under a dotted key, making objects on the way.
func setDotted(values *qjson.Object, key, value string) error {
	parts := fragments(key)
	for i, part := range parts[:len(parts)-1] {
		next, ok := values.Get(part)
		if !ok {
			next = qjson.NewObject()
			values.Set(part, next)
		}
		object, ok := next.(*qjson.Object)
		if !ok {
			return inconsistent(parts[:i+1])
		}
		values = object
	}
	last := parts[len(parts)-1]
	if old, ok := values.Get(last); ok {
		if _, ok := old.(*qjson.Object); ok {
			return inconsistent(parts)
		}
	}
	values.Set(last, value)
	return nil
}

// Nest makes objects and lists of members with dots in their names, as
// [ParseKeyval] does. Of several values the last one counts.
func Nest(o *qjson.Object) (*qjson.Object, error) {
	values := qjson.NewObject()
	for name, v := range o.All() {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[len(list)-1]
		}
		text, ok := v.(string)
		if !ok {
			values.Set(name, v)
		} else if err := setDotted(values, name, text); err != nil {
			return nil, err
		}
	}
	listed, err := listify(values, "")
	if err != nil {
		return nil, err
	}
	nested, ok := listed.(*qjson.Object)
	if !ok {
		return nil, inconsistent(nil)
	}
	return nested, nil
}

func inconsistent(parts []string) error {
	return fmt.Errorf("Parameters '%s.*' used inconsistently", strings.Join(parts, "."))
}

// listify turns objects whose keys are numbers into lists, from the inside
// out. The path is that of v, with a dot at its end unless it is empty.
func listify(v any, path string) (any, error) {
	object, ok := v.(*qjson.Object)
	if !ok {
		return v, nil
	}
	numbered := map[int]any{}
	for key, value := range object.All() {
		value, err := listify(value, path+key+".")
		if err != nil {
			return nil, err
		}
		object.Set(key, value)
		if digits(key) == len(key) {
			// An index out of range leaves a gap, which is reported below.
			i, err := strconv.Atoi(key)
			if err != nil {
				i = int(^uint(0) >> 1)
			}
			numbered[i] = value
		} else if len(numbered) > 0 {
			return nil, fmt.Errorf("Parameters '%s*' used inconsistently", path)
		}
	}
	switch {
	case len(numbered) == 0:
		return object, nil
	case len(numbered) < object.Len() && hasNames(object):
		return nil, fmt.Errorf("Parameters '%s*' used inconsistently", path)
	}
	list := make([]any, len(numbered))
	for i := range list {
		value, ok := numbered[i]
		if !ok {
			return nil, fmt.Errorf("Parameter '%s%d' missing", path, i)
		}
		list[i] = value
	}
	return list, nil
}

// hasNames tells whether any key of an object is not a number.
func hasNames(object *qjson.Object) bool {
	for key := range object.All() {
		if digits(key) < len(key) {
			return true
		}
	}
	return false
}
