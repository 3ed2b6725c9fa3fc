package qmp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qmp"
)

// TestDialect sends random sequences of tokens, good and bad, and compares with
// what QEMU 11.1.3 answered to the same bytes on a fresh connection.
func TestDialect(t *testing.T) {
	f, err := os.Open("testdata/dialect.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := newMachine(nil)
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		var c struct {
			In  []byte   `json:"in"`
			Out []string `json:"out"` // without line ends; the last request's is not listed
		}
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Out, converse(t, m, c.In)); diff != "" {
			t.Errorf("%q (-QEMU +got):\n%s", c.In, diff)
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
}

// converse negotiates, sends input and returns the answers up to the one that
// carries the id MARK.
func converse(t *testing.T, m *machine, input []byte) []string {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- m.server.ServeConn(context.Background(), server, qmp.Monitor{}) }()
	defer func() {
		client.Close()
		<-done
	}()
	go func() {
		client.Write([]byte(`{"execute":"qmp_capabilities"}`))
		client.Write(input)
	}()
	var got []string
	for lines := bufio.NewScanner(client); lines.Scan(); {
		text := strings.TrimSpace(lines.Text())
		if strings.Contains(text, `"MARK"`) {
			return got[2:] // without the greeting and the answer to qmp_capabilities
		}
		got = append(got, text)
	}
	t.Fatalf("%q: the connection ended after %q", input, got)
	return nil
}
