package qjson_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qomd/qomd/qmp/qjson"
)

var seeds = []string{
	`{"execute": "qom-get", "arguments": {"path": "/", "property": "type"}, "id": [1, -2.5e3, null, true]}`,
	`{'a': 'it\'s', "b": "\u00e9\ud83d\ude00\u0000"}`, "{\"a\":[}\n]} {}", `"\x" 00 1. -`, "\xff\xfe\x00\"\xc0\x80\"",
	`{"a":1,"a":2}`, "[1,]", "18446744073709551615 18446744073709551616 1e400", "\"unterminated\n\"", "tru e", "{\"\": {\"\": []}}",
}

// FuzzParser feeds anything in pieces: no panic, the same results however it is
// cut, and the byte FF brings the parser back to its senses.
func FuzzParser(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, 1)
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, input string, size int) {
		size = max(1, min(size, 1<<16))
		input += "\xff\n{\"alive\": 1}"
		whole := feed(input, len(input))
		if diff := cmp.Diff(whole, feed(input, size)); diff != "" {
			t.Errorf("in pieces of %d:\n%s", size, diff)
		}
		if last := whole[len(whole)-1]; last != `{"alive": 1}` {
			t.Errorf("not alive: %q", last)
		}
	})
}

// FuzzStrict compares with encoding/json where both accept the same language, and
// checks that what Append writes is read back as it was.
func FuzzStrict(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, input string) {
		got, err := qjson.Parse([]byte(input))
		if err == nil {
			text := qjson.Append(nil, got, false)
			again, err := qjson.Parse(text)
			if strings.Contains(string(text), "inf") {
				return // QEMU writes infinity like this; it is not JSON
			}
			if err != nil {
				t.Fatalf("%q was written as %s: %v", input, text, err)
			}
			if second := string(qjson.Append(nil, again, false)); second != string(text) {
				t.Errorf("%q was written as %s, then as %s", input, text, second)
			}
		}
		if !json.Valid([]byte(input)) || !utf8.ValidString(input) {
			return
		}
		if err != nil {
			for _, known := range []string{"duplicate key", "not a valid Unicode character", "invalid UTF-8", "nesting depth"} {
				if strings.Contains(err.Error(), known) {
					return // stricter than encoding/json
				}
			}
			t.Fatalf("%q: %v", input, err)
		}
		d := json.NewDecoder(strings.NewReader(input))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain(want), plain(got), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%q:\n%s", input, diff)
		}
	})
}

// plain brings values of both packages to a common form.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil && !math.IsInf(f, 0) {
			return err
		}
		return f
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case string:
		return strings.ReplaceAll(v, "\xc0\x80", "\x00")
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	case map[string]any:
		m := make(map[string]any)
		for k, e := range v {
			m[plain(k).(string)] = plain(e)
		}
		return m
	case *qjson.Object:
		m := make(map[string]any)
		for k, e := range v.All() {
			m[plain(k).(string)] = plain(e)
		}
		return m
	}
	return v
}
