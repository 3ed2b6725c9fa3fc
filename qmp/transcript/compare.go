package transcript

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Mismatch is a difference between the recording and the server.
type Mismatch struct{ Text string }

func (m *Mismatch) Error() string { return m.Text }

func mismatch(format string, args ...any) error { return &Mismatch{fmt.Sprintf(format, args...)} }

// rules say what of a step's message does not matter.
type rules struct {
	any       []anyPath
	masks     []*regexp.Regexp
	unordered [][]string
	sortLines bool
}

type anyPath struct {
	path  []string
	loose bool // may also be absent or of another type
}

func newRules(s *Step) (*rules, error) {
	r := &rules{sortLines: s.SortLines}
	for _, p := range s.Any {
		r.any = append(r.any, anyPath{splitPath(strings.TrimRight(p, "?")), strings.HasSuffix(p, "?")})
	}
	for _, m := range s.Mask {
		re, err := regexp.Compile("(?sm)" + m)
		if err != nil {
			return nil, err
		}
		r.masks = append(r.masks, re)
	}
	for _, p := range s.Unordered {
		r.unordered = append(r.unordered, splitPath(p))
	}
	return r, nil
}

// splitPath turns "a[*].b" into "a", "[*]", "b".
func splitPath(p string) []string {
	var parts []string
	for piece := range strings.SplitSeq(p, ".") {
		for piece != "" {
			i := strings.IndexByte(piece[1:], '[') + 1
			if i == 0 {
				i = len(piece)
			}
			parts = append(parts, piece[:i])
			piece = piece[i:]
		}
	}
	return parts
}

func pathMatches(pattern, at []string) bool {
	if len(pattern) > 0 && pattern[0] == "**" {
		for i := range len(at) + 1 {
			if pathMatches(pattern[1:], at[i:]) {
				return true
			}
		}
		return false
	}
	if len(pattern) != len(at) {
		return false
	}
	for i, want := range pattern {
		step := at[i]
		if strings.HasPrefix(want, "[") != strings.HasPrefix(step, "[") {
			return false
		}
		if want == "[*]" || want == step {
			continue
		}
		if ok, _ := path.Match(strings.ReplaceAll(want, "[", `\[`), step); !ok {
			return false
		}
	}
	return true
}

func (r *rules) ignored(at []string) (ignored, loose bool) {
	for _, a := range r.any {
		if pathMatches(a.path, at) {
			return true, a.loose
		}
	}
	return false, false
}

func (r *rules) loose(at []string) bool {
	_, loose := r.ignored(at)
	return loose
}

func (r *rules) mask(text string) string {
	for _, re := range r.masks {
		text = re.ReplaceAllString(text, "#")
	}
	if r.sortLines {
		lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
		slices.Sort(lines)
		text = strings.Join(lines, "\n")
	}
	return text
}

// kind names the type of a value; integers and other numbers are told apart.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "float"
		}
		return "integer"
	}
	return fmt.Sprintf("%T", v)
}

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// difference describes the first difference, "" if there is none.
func difference(want, got any, r *rules, at []string) string {
	ignored, loose := r.ignored(at)
	if loose {
		return ""
	}
	if kind(want) != kind(got) {
		return fmt.Sprintf("%s: expected %s %s, got %s %s", where(at), kind(want), show(want), kind(got), show(got))
	}
	if ignored {
		return ""
	}
	switch want := want.(type) {
	case map[string]any:
		return objectDifference(want, got.(map[string]any), r, at)
	case []any:
		if slices.ContainsFunc(r.unordered, func(p []string) bool { return pathMatches(p, at) }) {
			return setDifference(want, got.([]any), r, at)
		}
		return arrayDifference(want, got.([]any), r, at)
	case string:
		if a, b := r.mask(want), r.mask(got.(string)); a != b {
			return textDifference(where(at), a, b)
		}
	case json.Number:
		if !sameNumber(want, got.(json.Number)) {
			return fmt.Sprintf("%s: expected %s, got %s", where(at), want, got)
		}
	default:
		if want != got {
			return fmt.Sprintf("%s: expected %s, got %s", where(at), show(want), show(got))
		}
	}
	return ""
}

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	if kind(a) == "float" {
		x, err1 := a.Float64()
		y, err2 := b.Float64()
		return err1 == nil && err2 == nil && x == y
	}
	x, ok1 := new(big.Int).SetString(a.String(), 10)
	y, ok2 := new(big.Int).SetString(b.String(), 10)
	return ok1 && ok2 && x.Cmp(y) == 0
}

func objectDifference(want, got map[string]any, r *rules, at []string) string {
	keys := sortedKeys(want)
	for _, k := range keys {
		if _, ok := got[k]; !ok && !r.loose(join(at, k)) {
			return fmt.Sprintf("%s: key %q missing: expected %s, got %s", where(at), k, show(want), show(got))
		}
	}
	for _, k := range sortedKeys(got) {
		if _, ok := want[k]; !ok && !r.loose(join(at, k)) {
			return fmt.Sprintf("%s: unexpected key %q = %s", where(at), k, show(got[k]))
		}
	}
	if isVersion(want) {
		r, at = &rules{any: []anyPath{{path: []string{"qemu", "*"}}, {path: []string{"package"}}}}, nil
	}
	for _, k := range keys {
		g, ok := got[k]
		if !ok {
			continue
		}
		sub, below := r, join(at, k)
		if k == "timestamp" && want["event"] != nil && len(at) == 0 {
			sub, below = &rules{any: []anyPath{{path: []string{"seconds"}}, {path: []string{"microseconds"}}}}, nil
		}
		if d := difference(want[k], g, sub, below); d != "" {
			return d
		}
	}
	return ""
}

// isVersion recognises VersionInfo: its numbers are QEMU's, not ours.
func isVersion(o map[string]any) bool {
	q, ok := o["qemu"].(map[string]any)
	return ok && slices.Equal(sortedKeys(o), []string{"package", "qemu"}) &&
		slices.Equal(sortedKeys(q), []string{"major", "micro", "minor"})
}

func setDifference(want, got []any, r *rules, at []string) string {
	left := slices.Clone(got)
	for i, a := range want {
		step := join(at, fmt.Sprintf("[%d]", i))
		j := slices.IndexFunc(left, func(b any) bool { return difference(a, b, r, step) == "" })
		if j >= 0 {
			left = slices.Delete(left, j, j+1)
			continue
		}
		if o, ok := a.(map[string]any); ok && o["name"] != nil {
			for _, b := range left { // the one of the same name says more
				if p, ok := b.(map[string]any); ok && p["name"] == o["name"] {
					return difference(a, b, r, step)
				}
			}
		}
		return fmt.Sprintf("%s: missing (in any order): %s", where(step), show(a))
	}
	if len(left) > 0 {
		return fmt.Sprintf("%s: unexpected: %s", where(at), show(left[0]))
	}
	return ""
}

func arrayDifference(want, got []any, r *rules, at []string) string {
	n := min(len(want), len(got))
	for i := range n {
		if d := difference(want[i], got[i], r, join(at, fmt.Sprintf("[%d]", i))); d != "" {
			return d
		}
	}
	switch {
	case len(want) > n:
		return fmt.Sprintf("%s: expected %d elements, got %d; first missing: %s", where(at), len(want), len(got), show(want[n]))
	case len(got) > n:
		return fmt.Sprintf("%s: expected %d elements, got %d; first unexpected: %s", where(at), len(want), len(got), show(got[n]))
	}
	return ""
}

func textDifference(label, want, got string) string {
	if len(want) < 200 && len(got) < 200 && !strings.Contains(want, "\n") {
		return fmt.Sprintf("%s: expected %q, got %q", label, want, got)
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	a := max(0, i-40)
	return fmt.Sprintf("%s: at byte %d expected %q, got %q", label, i,
		want[a:min(len(want), i+120)], got[a:min(len(got), i+120)])
}

func join(at []string, step string) []string { return append(at[:len(at):len(at)], step) }

func where(at []string) string {
	if len(at) == 0 {
		return "message"
	}
	text := ""
	for _, s := range at {
		if !strings.HasPrefix(s, "[") {
			text += "."
		}
		text += s
	}
	return strings.TrimPrefix(text, ".")
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return shorten(string(text))
}

func shorten(text string) string {
	if len(text) > 300 {
		return text[:300] + "..."
	}
	return text
}

func sortedKeys(o map[string]any) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
