package qmptest

import (
	"encoding/json"
	"net"
	"reflect"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/qtest"
)

// Play plays a recorded session in which somebody outside is the guest, and fails
// the test where the machine answers otherwise. Of its lines, those that begin
// with > go to the register protocol and with ! to the monitor; < and = precede
// the answers. Events do not count, nor other lines.
func (m *Machine) Play(session ...string) {
	m.t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		qtest.New(m.VM.Machine, nil).ServeConn(m.t.Context(), theirs)
	}()
	guest := qtest.NewClient(ours)
	var sent, got string
	for i, line := range strings.Split(strings.Join(session, "\n"), "\n") {
		mark, text, _ := strings.Cut(line, " ")
		switch mark {
		case ">":
			sent = text
			answer, err := guest.Do("%s", text)
			if err != nil {
				m.t.Fatalf("line %d: %q: %v", i+1, text, err)
			}
			got = strings.TrimSpace("OK " + answer)
		case "!":
			sent, got = text, m.ask(text)
		case "<":
			if got != text {
				m.t.Errorf("line %d: %q answered %q, want %q", i+1, sent, got, text)
			}
		case "=":
			if !sameJSON(got, text) {
				m.t.Errorf("line %d: %s answered %s, want %s", i+1, sent, got, text)
			}
		}
	}
	guest.Close()
	<-done
}

// ask sends a request as it is written and returns the answer as the monitor
// would write it.
func (m *Machine) ask(text string) string {
	m.t.Helper()
	request, err := qjson.Parse([]byte(text))
	if err != nil {
		m.t.Fatal(err)
	}
	c := m.Client()
	answer, err := c.request(text, request)
	c.Events()
	reply := A{"return": answer}
	if err != nil {
		reply = A{"error": err}
	}
	out, err := json.Marshal(reply)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(out)
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
