package transcript_test

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/transcript"
)

// play plays a transcript of the given steps against a server that sends answer
// when it has got a line, and then hangs up.
func play(t *testing.T, answer, steps string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "001-test.jsonl")
	text := `{"name": "test", "topic": "t", "about": "a", "args": []}` + "\n" + steps + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tr, err := transcript.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Main != transcript.DefaultMain {
		t.Errorf("main connection: %q", tr.Main)
	}
	done := make(chan struct{})
	p := transcript.Player{
		Timeout: time.Minute,
		Fill:    strings.NewReplacer("{dir}", "/run/x").Replace,
		Dial: func(string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer close(done)
				bufio.NewReader(theirs).ReadString('\n')
				theirs.Write([]byte(answer))
				theirs.Close()
			}()
			return ours, nil
		},
	}
	err = p.Play(tr)
	<-done
	return err
}

const send = `{"send": "{}\n"}` + "\n"

func TestPlay(t *testing.T) {
	const reply = "{\"return\": {\"a\": [1, {\"name\": \"x\", \"pid\": 7}], \"t\": \"at 0x12\"}, \"id\": 1.5}\r\n"
	const want = `"recv": {"return": {"a": [1, {"name": "x", "pid": 7}], "t": "at 0x12"}, "id": 1.5}`
	tests := map[string]struct {
		answer, steps string
		err           string // what the error contains; "" for none
	}{
		"equal":        {reply, `{` + want + `}`, ""},
		"number":       {reply, `{` + strings.Replace(want, "1.5", "2.5", 1) + `}`, "id: expected 2.5, got 1.5"},
		"number type":  {reply, `{` + strings.Replace(want, "1.5", "1", 1) + `}`, "id: expected integer 1, got float 1.5"},
		"any":          {reply, `{` + strings.Replace(want, "7", "8", 1) + `, "any": ["**.pid"]}`, ""},
		"any element":  {reply, `{` + strings.Replace(want, "7", "8", 1) + `, "any": ["return.a[*].pid"]}`, ""},
		"any mistyped": {reply, `{` + strings.Replace(want, "7", `"8"`, 1) + `, "any": ["**.pid"]}`, "expected string"},
		"any loose":    {reply, `{` + strings.Replace(want, `, "pid": 7`, "", 1) + `, "any": ["**.pid?"]}`, ""},
		"mask":         {reply, `{` + strings.Replace(want, "0x12", "0x9", 1) + `, "mask": ["0x[0-9a-f]+"]}`, ""},
		"unordered":    {reply, `{` + strings.Replace(want, `1, {"name": "x", "pid": 7}`, `{"name": "x", "pid": 7}, 1`, 1) + `, "unordered": ["return.a"]}`, ""},
		"missing":      {reply, `{` + strings.Replace(want, `"id": 1.5`, `"id": 1.5, "more": 1`, 1) + `}`, `key "more" missing`},
		"unexpected":   {reply, `{` + strings.Replace(want, `, "id": 1.5`, "", 1) + `}`, `unexpected key "id"`},
		"bytes":        {strings.Replace(reply, ": 1.5", ":  1.5", 1), `{` + want + `}`, "raw text"},
		"raw":          {"{\"return\":{}}\n", `{"recv": {"return": {}}, "raw": "{\"return\":{}}\n"}`, ""},
		"fill":         {"{\"return\": \"/run/x/a\"}\r\n", `{"recv": {"return": "{dir}/a"}}`, ""},
		"version": {"{\"return\": {\"qemu\": {\"micro\": 1, \"minor\": 2, \"major\": 3}, \"package\": \"\"}}\r\n",
			`{"recv": {"return": {"qemu": {"micro": 3, "minor": 1, "major": 11}, "package": "Debian"}}, "raw": "{\"return\": {\"qemu\": {\"micro\": 1, \"minor\": 2, \"major\": 3}, \"package\": \"\"}}\r\n"}`, ""},
		"streams": {"{\"return\": 1}\r\n{\"event\": \"A\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n{\"return\": 2}\r\n",
			`{"recv_streams": [[{"recv": {"event": "A", "timestamp": {"seconds": 0, "microseconds": 0}}}], [{"recv": {"return": 1}}, {"recv": {"return": 2}}]]}`, ""},
		"streams wrong": {"{\"return\": 2}\r\n", `{"recv_streams": [[{"recv": {"return": 1}}]]}`, "return: expected 1, got 2"},
		"text":          {"QEMU 11.1.3 monitor\r\n(qemu) ", `{"recv_text": "QEMU 9.0.0 monitor\r\n(qemu) ", "mask": ["\\d+\\.\\d+\\.\\d+"]}`, ""},
		"text wrong":    {"hello", `{"recv_text": "world"}`, `text: expected "world", got "hello"`},
		"end":           {"", `{"eof": true}`, ""},
		"no end":        {"{\"event\": \"A\"}\r\n", `{"eof": true}`, "expected the end"},
		"not quiet":     {"{\"event\": \"A\"}\r\n", `{"quiet_ms": 5000}`, "expected silence"},
		"gone":          {"", `{"recv": {"return": {}}}`, "closed the connection"},
		"unknown step":  {"", `{"dance": 1}`, "unknown step"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := play(t, tt.answer, send+tt.steps)
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

func TestLoadDir(t *testing.T) {
	list, err := transcript.LoadDir("../testdata/transcripts", "ids", "oob")
	if err != nil || len(list) != 9 {
		t.Errorf("%d transcripts, %v", len(list), err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "{}", "b": "no", "c": `{"name": "c"}` + "\n{"} {
		file := filepath.Join(dir, name+".jsonl")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := transcript.Load(file); err == nil {
			t.Errorf("%s was loaded", text)
		}
	}
}
