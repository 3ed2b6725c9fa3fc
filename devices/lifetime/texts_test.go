package lifetime_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qmptest"
)

// recordedText is a request and what QEMU 11.1.3 said: nothing for success.
type recordedText struct {
	Args    []string
	Request json.RawMessage
	Class   string
	Text    string
}

// What users are told when something is not as it should be, in the words that
// testdata/texts.jsonl recorded of QEMU 11.1.3: each machine with its requests in
// order.
func TestAcceptance09Texts(t *testing.T) {
	text, err := os.ReadFile("testdata/texts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	var in *bufio.Reader
	n := 0
	for line := range bytes.Lines(text) {
		var x recordedText
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		if x.Args != nil {
			m := qmptest.Start(t, qmptest.Args(x.Args...), qmptest.GuestNone())
			conn = m.Dial()
			in = bufio.NewReader(conn)
			if _, err := in.ReadBytes('\n'); err != nil {
				t.Fatal(err)
			}
			ask(t, conn, in, json.RawMessage(`{"execute":"qmp_capabilities"}`))
			continue
		}
		n++
		request := string(bytes.TrimSpace(x.Request))
		class, got := ask(t, conn, in, x.Request)
		if class != x.Class || got != x.Text {
			t.Errorf("%s\n got %s %q\nwant %s %q", request, class, got, x.Class, x.Text)
		}
	}
	if n < 120 {
		t.Errorf("%d requests", n)
	}
}

// ask sends a request as it stands and returns the error's class and text, passing
// over events.
func ask(t *testing.T, conn net.Conn, in *bufio.Reader, request json.RawMessage) (class, text string) {
	t.Helper()
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(append(bytes.TrimSpace(request), '\n'))
		written <- err
	}()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(errors.Join(err, <-written))
		}
		if strings.Contains(line, `"event":`) {
			continue
		}
		var msg struct{ Error *qmp.Error }
		if err := json.Unmarshal([]byte(line), &msg); err != nil {
			t.Fatal(err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		if msg.Error == nil {
			return "", ""
		}
		return string(msg.Error.Class), msg.Error.Desc
	}
}
