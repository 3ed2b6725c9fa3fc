package qjson_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// feed runs input through a parser in pieces of size bytes and lists what came
// out: values as JSON, mistakes as "! text".
func feed(input string, size int) []string {
	var got []string
	p := qjson.NewParser()
	for i := 0; i < len(input); i += size {
		p.Feed([]byte(input[i:min(i+size, len(input))]), func(v any, err error) {
			if err != nil {
				got = append(got, "! "+strings.TrimPrefix(err.Error(), "JSON parse error, "))
				return
			}
			got = append(got, string(qjson.Append(nil, v, false)))
		})
	}
	return got
}

// Answers of QEMU 11.1.3 to the same bytes.
func TestParserAsQEMU(t *testing.T) {
	const pe = ": JSON parse error, "
	tests := []struct {
		in   string
		want []string
	}{
		{`{"a":1}{"b":[2,-3]}` + "\n", []string{`{"a": 1}`, `{"b": [2, -3]}`}},
		{`1 "x" null` + "\n", []string{`1`, `"x"`, `null`}},
		{`{"a" @ }`, []string{"! 1:6" + pe + "stray '@'", "! 1:9" + pe + "expecting value"}},
		{`{"a":1,"a":{"b":1}}`, []string{"! 1:19" + pe + "duplicate key"}},
		{`{"a":1,"a":[1,[2]]}`, []string{"! 1:18" + pe + "duplicate key"}},
		{`{"a":[} @ ]`, []string{"! 1:7" + pe + "expecting value", "! 1:12" + pe + "expecting value"}},
		{`{"a" 1 @ 2}`, []string{"! 1:6" + pe + "expecting ':'", "! 1:12" + pe + "expecting value"}},
		{`{"a" 1 "\x" }`, []string{"! 1:6" + pe + "expecting ':'"}},
		{`{"\x":1}`, []string{"! 1:2" + pe + "invalid escape sequence in string"}},
		{"tru@\n", []string{"! 1:1" + pe + "invalid keyword 'tru'", "! 1:5" + pe + "stray '@'"}},
		{"nullx5\n", []string{"! 1:1" + pe + "invalid keyword 'nullx'", "5"}},
		{"-\n{}\n", []string{"! 1:1" + pe + "stray '-\n'", "{}"}},
		{"1e+}", []string{"! 1:1" + pe + "stray '1e+}'"}},
		{"\f\v\n", []string{"! 1:1" + pe + "stray '\f'", "! 1:3" + pe + "stray '\v'"}},
		{"[[1,{2]]]", []string{"! 1:6" + pe + "expecting key"}},
		{`{"x":"\ud83d\u12"}`, []string{"! 1:6" + pe + `\ud83d is not a valid Unicode character`}},
		{"{\"x\":\"\\u123\xc3\xa9\"}", []string{"! 1:6" + pe + "\\u123\xc3 is not a valid Unicode character"}},
		{"\"\xc0\x80\" ", []string{`"\u0000"`}},
		{"\"\uffff\" ", []string{"! 1:1" + pe + "invalid UTF-8 sequence in string"}},
		{`'\"it\'s' `, []string{`"\"it's"`}},
		{"[1.5,0.1,1e22,100.0,-0.0,5e-324,12345678901234567890,1e400,-0]",
			[]string{"[1.5, 0.10000000000000001, 1e+22, 100, -0, 4.9406564584124654e-324, 12345678901234567890, inf, 0]"}},
		{`{"return":1,"id":2,"error":3,"zz":4,"yy":5,"abc":6}`,
			[]string{`{"zz": 4, "yy": 5, "return": 1, "id": 2, "error": 3, "abc": 6}`}},
		{`{"major":11,"minor":1,"micro":3}`, []string{`{"micro": 3, "minor": 1, "major": 11}`}},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 3, 1 << 20} {
			if diff := cmp.Diff(tt.want, feed(tt.in, size)); diff != "" {
				t.Errorf("%q in pieces of %d (-want +got):\n%s", tt.in, size, diff)
			}
		}
	}
}

func TestNesting(t *testing.T) {
	for depth, want := range map[int]string{1024: "[", 1025: "! JSON nesting depth limit exceeded"} {
		got := feed(strings.Repeat("[", depth)+strings.Repeat("]", depth)+"7 ", 4096)
		if len(got) != 2 || !strings.HasPrefix(got[0], want) || got[1] != "7" {
			t.Errorf("depth %d: %d results, first %.60q", depth, len(got), got[0])
		}
	}
}

// Up to QEMU 7.2 what follows a limit that is exceeded is read as the next value,
// of one in which a mistake was found, too.
func TestLateNesting(t *testing.T) {
	for before, want := range map[string]int{"": 1025, `"a" "b",`: 1026} {
		var got []string
		qjson.NewLateParser().Feed([]byte("["+before+strings.Repeat("[", 1024)+strings.Repeat("]", want)+"7 "), func(v any, err error) {
			if err != nil {
				got = append(got, err.Error())
			}
		})
		if len(got) != 1+want || got[0] != "JSON nesting depth limit exceeded" || got[1] != "JSON parse error, expecting value" {
			t.Errorf("%q: %d results, want %d, first %.80q", before, len(got), 1+want, got)
		}
	}
}

func TestTokenCount(t *testing.T) {
	// An array of n elements has 2n+1 tokens.
	n := qjson.MaxTokens / 2
	got := feed("["+strings.Repeat("1,", n-2)+"1] 7 ", 1<<20)
	if len(got) != 2 || got[0][0] != '[' {
		t.Errorf("%d tokens: %d results, first %.60q", 2*(n-1)+1, len(got), got[0])
	}
	got = feed("["+strings.Repeat("1,", n+1)+"1] 7 ", 1<<20)
	if want := []string{"! JSON token count limit exceeded", "7"}; !cmp.Equal(want, got) {
		t.Errorf("too many tokens: %.60q", got)
	}
}
