package schema_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// load returns the schema of QEMU 11.1.3.
func load(t testing.TB) *schema.Schema {
	t.Helper()
	packed, err := os.ReadFile("testdata/schema-11.1.3.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func object(t testing.TB, text string) *qjson.Object {
	t.Helper()
	v, err := qjson.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v.(*qjson.Object)
}

// TestRecorded gives random arguments, right and wrong, to all commands and
// compares with what QEMU 11.1.3 answered.
func TestRecorded(t *testing.T) {
	s := load(t)
	f, err := os.Open("testdata/arguments.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	n := 0
	for ; scanner.Scan(); n++ {
		var c struct {
			Command   string        `json:"command"`
			Arguments *qjson.Object `json:"arguments"`
			Desc      string        `json:"desc"`
		}
		if err := qjson.Unmarshal(object(t, scanner.Text()), &c); err != nil {
			t.Fatal(err)
		}
		got := "OK"
		if err := s.CheckArguments(c.Command, c.Arguments); err != nil {
			got = err.Error()
		}
		if got != c.Desc {
			t.Errorf("%s %s\n want %s\n got  %s", c.Command, qjson.Append(nil, c.Arguments, false), c.Desc, got)
		}
	}
	if n == 0 || scanner.Err() != nil {
		t.Fatalf("%d cases, %v", n, scanner.Err())
	}
}

// Commands that QEMU calls with unchecked arguments.
func TestUnchecked(t *testing.T) {
	s := load(t)
	for _, tt := range []struct{ command, args, want string }{
		{"device_add", `{}`, "Parameter 'driver' is missing"},
		{"device_add", `{"driver": 1}`, "Parameter 'driver' is missing"},
		{"device_add", `{"driver": "e1000", "id": 5, "anything": []}`, ""},
		{"query-qmp-schema", `{"x": 1}`, "Parameter 'x' is unexpected"},
		{"object-add", `{"id": "x", "nope": 1}`, "Parameter 'qom-type' is missing"},
		{"object-add", `{"qom-type": "memory-backend-ram", "id": "m"}`, "Parameter 'size' is missing"},
		{"object-add", `{"qom-type": "memory-backend-ram", "id": "m", "size": 1, "zz": 1}`, "Parameter 'zz' is unexpected"},
		{"no-such-command", `{}`, `schema: no command "no-such-command"`},
	} {
		got := ""
		if err := s.CheckArguments(tt.command, object(t, tt.args)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.command, tt.args, got, tt.want)
		}
	}
	if err := s.CheckArguments("query-status", nil); err != nil {
		t.Errorf("no arguments: %v", err)
	}
}

func TestOutput(t *testing.T) {
	s := load(t)
	type status struct {
		Running bool   `json:"running"`
		Status  string `json:"status"`
		More    int    `json:"more,omitempty"`
	}
	for _, tt := range []struct {
		value any
		want  string
	}{
		{status{true, "running", 0}, ""},
		{status{true, "jogging", 0}, "query-status: Parameter 'status' does not accept value 'jogging'"},
		{status{true, "running", 1}, "query-status: Parameter 'query-status.more' is unexpected"},
		{qjson.NewObject(), "query-status: Parameter 'query-status.running' is missing"},
		{nil, "query-status: Invalid parameter type for 'query-status', expected: object"},
	} {
		got := ""
		if err := s.CheckReply("query-status", tt.value); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v: %q, want %q", tt.value, got, tt.want)
		}
	}
	if err := s.CheckEvent("STOP", nil); err != nil {
		t.Errorf("STOP: %v", err)
	}
	if err := s.CheckEvent("DEVICE_DELETED", map[string]string{"path": "/machine/peripheral/x"}); err != nil {
		t.Errorf("DEVICE_DELETED: %v", err)
	}
	if err := s.CheckEvent("DEVICE_DELETED", nil); err == nil {
		t.Error("DEVICE_DELETED without path passed")
	}
}

func TestSubset(t *testing.T) {
	s := load(t)
	list, err := s.Subset([]string{"query-status", "qom-get", "no-such"}, []string{"STOP"})
	if err != nil {
		t.Fatal(err)
	}
	// Everything a type names is there, and nothing twice.
	seen := make(map[string]bool)
	for _, e := range list {
		name, _ := e.(*qjson.Object).Get("name")
		if seen[name.(string)] {
			t.Errorf("%s is there twice", name)
		}
		seen[name.(string)] = true
	}
	part, err := schema.Parse(qjson.Append(nil, list, false))
	if err != nil {
		t.Fatal(err)
	}
	if got := part.Commands(); len(got) != 2 {
		t.Errorf("commands: %v", got)
	}
	if err := part.CheckReply("query-status", map[string]any{"running": true, "status": "paused"}); err != nil {
		t.Error(err)
	}
	all, err := s.Subset(s.Commands(), s.Events())
	// Five types are left in QEMU's answer although nothing in this build uses them.
	if err != nil || len(all) != 1225 {
		t.Errorf("all of it: %d entries, %v", len(all), err)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"", "{}", "[", "[{]", `[{"name": "x]`, `[{"meta-type": "x"}]`, `[}]`} {
		if s, err := schema.Parse([]byte(text)); err == nil {
			t.Errorf("%q parsed, commands %v", text, s.Commands())
		}
	}
	s, err := schema.Parse([]byte(`[{"name":"c","meta-type":"command","arg-type":"9","ret-type":"9"}]`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckArguments("c", nil); err == nil {
		t.Error("a type that does not exist went unnoticed")
	}
}

func BenchmarkParse(b *testing.B) {
	packed, err := os.ReadFile("testdata/schema-11.1.3.json.gz")
	if err != nil {
		b.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// command is an everyday request of 112 bytes.
const command = `{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/x0", "property": "realized"}, "id": "lv-42"}` + "\n"

// parseAndCheck returns a function that does what a monitor does with a request
// before it runs.
func parseAndCheck(tb testing.TB) func() {
	s, p, text := load(tb), qjson.NewParser(), []byte(command)
	check := func(v any, err error) {
		if err != nil {
			tb.Fatal(err)
		}
		request := v.(*qjson.Object)
		name, _ := request.Get("execute")
		args, _ := request.Get("arguments")
		if err := s.CheckArguments(name.(string), args.(*qjson.Object)); err != nil {
			tb.Fatal(err)
		}
	}
	return func() { p.Feed(text, check) }
}

func TestAllocations(t *testing.T) {
	if n := testing.AllocsPerRun(100, parseAndCheck(t)); n > 4 {
		t.Errorf("parsing and checking a command allocates %v times, want at most 4", n)
	}
}

// BenchmarkParseAndCheck is to stay under 2 microseconds.
func BenchmarkParseAndCheck(b *testing.B) {
	f := parseAndCheck(b)
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}

// libvirt 9 says detach with every migrate, which QEMU 11 refuses.
func TestObsoleteArgument(t *testing.T) {
	s := load(t)
	for _, tc := range []struct{ args, want string }{
		{`{"uri": "fd:x", "detach": true}`, ""},
		{`{"uri": "fd:x", "blk": true}`, "Parameter 'blk' is unexpected"},
	} {
		v, err := qjson.Parse([]byte(tc.args))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := s.CheckArguments("migrate", v.(*qjson.Object)); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.args, got, tc.want)
		}
	}
}
