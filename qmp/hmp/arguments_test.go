package hmp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseLine reads the arguments of a command called cmd and returns them with
// what was printed.
func parseLine(args, rest string) (values, string) {
	var out strings.Builder
	f := format{letter: 'x', size: 4}
	p := &arguments{cmd: &command{names: "cmd", args: args}, rest: rest, format: &f, register: noRegisters, taken: func(_, id string) bool { return id == "taken" },
		printf: func(format string, a ...any) { fmt.Fprintf(&out, format, a...) }}
	v, ok := p.parse()
	if !ok {
		return nil, out.String()
	}
	return v, out.String()
}

// The texts are those of QEMU 11.1.3 for commands of the same description.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args, line string
		want       values
		printed    string
	}{
		{"", "", values{}, ""},
		{"", "x", nil, "cmd: extraneous characters at the end of line\n"},
		{"a:s", " one ", values{"a": "one"}, ""},
		{"a:s", "", nil, "cmd: string expected\n"},
		{"a:s?", "", values{}, ""},
		{"a:s,b:s", "one", nil, "cmd: string expected\n"},
		{"a:s,b:s?", `"a b" "c\n\r\\\'\""`, values{"a": "a b", "b": "c\n\r\\'\""}, ""},
		{"a:s", `"open`, nil, "cmd: string expected\n"},
		{"a:s", `"\x"`, nil, "cmd: string expected\n"},
		{"a:F", "", nil, "cmd: filename expected\n"},
		{"a:B", "", nil, "cmd: block device name expected\n"},
		{"a:S", "all of  it", values{"a": "all of  it"}, ""},
		{"a:S", "", nil, "cmd: string expected\n"},
		{"a:S?", "", values{}, ""},
		{"a:i", "1+2*3", values{"a": int64(7)}, ""},
		{"a:i", "4294967296", nil, "'cmd' has failed: integer is for 32-bit values\n"},
		{"a:i", "-1", nil, "'cmd' has failed: integer is for 32-bit values\n"},
		{"a:l", "-1", values{"a": int64(-1)}, ""},
		{"a:l?", "", values{}, ""},
		{"a:l", "08", nil, "cmd: extraneous characters at the end of line\n"},
		{"a:M", "2", values{"a": int64(2 << 20)}, ""},
		{"a:M", "-2", nil, "enter a positive value\n"},
		{"a:b", "on", values{"a": true}, ""},
		{"a:b", "off", values{"a": false}, ""},
		{"a:b", "maybe", nil, "Expected 'on' or 'off'\n"},
		{"a:o", "1G", values{"a": int64(1 << 30)}, ""},
		{"a:o", "3", values{"a": int64(3 << 20)}, ""},
		{"a:o", "x", nil, "invalid size\n"},
		{"a:T", "2ms", values{"a": 0.002}, ""},
		{"a:T", "1.5", values{"a": 1.5}, ""},
		{"a:T", "1xs", nil, "invalid number\n"},
		{"f:/,a:l", "/16xb 8", values{"f": format{16, 'x', 1}, "a": int64(8)}, ""},
		{"f:/,a:l", "8", values{"f": format{1, 'x', 4}, "a": int64(8)}, ""},
		{"f:/,a:l", "/q 8", nil, "invalid char in format: 'q'\n"},
		{"f:/,a:l", "/x", nil, "unexpected end of expression\n"},
		{"x:-x,a:s?", "-x", values{"x": true}, ""},
		{"x:-x,y:-y,a:s?", "-y one", values{"y": true, "a": "one"}, ""},
		{"x:-x,a:s?", "-z", nil, "cmd: unsupported option -z\n"},
		{"x:-x,a:s?", "-", nil, "cmd: unsupported option -"},
		{"x:-x,y:-y", "-xy", nil, "cmd: extraneous characters at the end of line\n"},
		{"a:O", "x,id=taken", nil, ""},
		{"x:-xs,a:s", "-x one two", values{"x": "one", "a": "two"}, ""},
	} {
		got, printed := parseLine(c.args, c.line)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(format{})); diff != "" {
			t.Errorf("%q %q: -want +got\n%s", c.args, c.line, diff)
		}
		if printed != c.printed {
			t.Errorf("%q %q printed %q, want %q", c.args, c.line, printed, c.printed)
		}
	}
}

func TestExpression(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		rest string
		err  string
	}{
		{"1|1+1", 2, "", ""},
		{"1|6&4", 4, "", ""},
		{"7%4 ^ 2", 1, "", ""},
		{"- 1", -1, "", ""},
		{"~0", -1, "", ""},
		{"(1+2)*3 x", 9, "x", ""},
		{"'a'", 'a', "", ""},
		{"0x", 0, "x", ""},
		{"0x8000000000000000", -1 << 63, "", ""},
		{"-9223372036854775808/-1", -1 << 63, "", ""},
		{"99999999999999999999999", 0, "", "number too large"},
		{"5/0", 0, "", "division by zero"},
		{"5%0", 0, "", "division by zero"},
		{"(1+2", 0, "", "')' expected"},
		{"'a", 0, "", "missing terminating ' character"},
		{"''", 0, "", "missing terminating ' character"},
		{"$pc", 0, "", "unknown register"},
		{"~", 0, "", "unexpected end of expression"},
		{")", 0, "", "invalid char ')' in expression"},
		{strings.Repeat("(", 100000), 0, "", "expression too deep"},
	} {
		got, rest, err := readExpression(c.text, noRegisters)
		if err != nil || c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%.20q: error %v, want %q", c.text, err, c.err)
			}
			continue
		}
		if got != c.want || rest != c.rest {
			t.Errorf("%q = %d, rest %q, want %d, %q", c.text, got, rest, c.want, c.rest)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		text, pairs string
		help        bool
		warnings    int
		problem     string
	}{
		{"e1000,id=n0,addr=5", "driver=e1000 id=n0 addr=5", false, 0, ""},
		{"e1000,serial=a,,b", "driver=e1000 serial=a,b", false, 0, ""},
		{"e1000,help", "driver=e1000", true, 0, ""},
		{"?", "driver=?", false, 0, ""},
		{"driver=e1000,?", "driver=e1000", true, 0, ""},
		{"e1000,foo,nobar", "driver=e1000 foo=on bar=off", false, 2, ""},
		{"e1000,id=a,id=b,x=1,x=2", "driver=e1000 id=a x=2", false, 0, ""},
		{"e1000,id=1", "driver=e1000 id=1", false, 0, "Parameter 'id' expects an identifier"},
	} {
		o := readOptions(c.text, "driver")
		var pairs []string
		for k, v := range o.pairs.All() {
			pairs = append(pairs, k+"="+v.(string))
		}
		if got := strings.Join(pairs, " "); got != c.pairs || o.help != c.help || len(o.warnings) != c.warnings {
			t.Errorf("%q: %q, help %v, %d warnings", c.text, got, o.help, len(o.warnings))
		}
		if (o.problem == nil) != (c.problem == "") || o.problem != nil && o.problem.Error() != c.problem {
			t.Errorf("%q: problem %v, want %q", c.text, o.problem, c.problem)
		}
	}
}

// FuzzArguments: no line may panic or leave part of itself unread.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"", `"a\n" b`, "-x /16xb 1+(2*'a')", "e1000,id=a,,b,noc", "on 1G 5ms", "- -", "0x"} {
		f.Add("a:s,b:s?,c:l?", s)
		f.Add("x:-x,y:-ys,f:/,a:i,b:M?", s)
		f.Add("o:O,b:b?,s:o?,t:T?,r:S?", s)
	}
	f.Fuzz(func(t *testing.T, args, line string) {
		switch args {
		case "a:s,b:s?,c:l?", "x:-x,y:-ys,f:/,a:i,b:M?", "o:O,b:b?,s:o?,t:T?,r:S?":
		default:
			t.Skip()
		}
		v, printed := parseLine(args, line)
		if v == nil && printed == "" && !strings.HasPrefix(args, "o:") {
			t.Errorf("%q was refused without a word", line)
		}
	})
}

func noRegisters(string) (int64, bool) { return 0, false }
