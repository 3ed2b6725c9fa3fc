package qmptest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// A is the arguments of a command.
type A = map[string]any

// patience is how long a client waits for a message before the test has failed.
// Nothing here takes long; under a debugger or on a busy machine it may.
const patience = time.Minute

// Client is a QMP client for tests: it does one thing at a time, and keeps the
// events that come meanwhile. It is not safe for concurrent use.
type Client struct {
	t      testing.TB
	conn   net.Conn
	r      *bufio.Reader
	events []Event
}

// Client returns a client that has negotiated, always the same one.
func (m *Machine) Client() *Client {
	m.t.Helper()
	m.mu.Lock()
	c := m.client
	m.mu.Unlock()
	if c == nil {
		c = m.NewClient()
		m.mu.Lock()
		m.client = c
		m.mu.Unlock()
	}
	return c
}

// NewClient returns a client of its own that has negotiated: another monitor.
func (m *Machine) NewClient() *Client {
	m.t.Helper()
	return NewClient(m.t, m.Dial())
}

// NewClient negotiates on a connection to any QMP server, takes its greeting
// first, and returns the client.
func NewClient(t testing.TB, conn net.Conn) *Client {
	t.Helper()
	c := &Client{t: t, conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.line(); err != nil {
		t.Fatalf("qmptest: no greeting: %v", err)
	}
	c.Must("qmp_capabilities", nil)
	return c
}

// Close hangs up.
func (c *Client) Close() { c.conn.Close() }

// message is anything a server sends once it has greeted.
type message struct {
	Event
	Return json.RawMessage `json:"return"`
	Error  *qmp.Error      `json:"error"`
}

// line reads a line in time.
func (c *Client) line() ([]byte, error) {
	// On a connection that is closed this fails; what was read before counts.
	c.conn.SetReadDeadline(time.Now().Add(patience))
	line, err := c.r.ReadBytes('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("nothing came")
	}
	return line, err
}

func (c *Client) receive() (msg message, err error) {
	line, err := c.line()
	if err == nil {
		err = json.Unmarshal(line, &msg)
	}
	return msg, err
}

// Execute runs a command and returns what it returned. The error is a
// *[qmp.Error] when the machine sent one.
func (c *Client) Execute(command string, args A) (json.RawMessage, error) {
	req := qjson.NewObject(qjson.Member{Name: "execute", Value: command})
	if args != nil {
		req.Set("arguments", args)
	}
	return c.request(command, req)
}

// request sends a request and returns what the command returned.
func (c *Client) request(command string, req any) (json.RawMessage, error) {
	// The machine may be sending events while we write: a pipe has no buffer.
	written := make(chan error, 1)
	go func() {
		_, err := c.conn.Write(append(qjson.Append(nil, req, false), '\n'))
		written <- err
	}()
	for {
		msg, err := c.receive()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", command, err)
		case msg.Name != "":
			c.events = append(c.events, msg.Event)
			continue
		case msg.Error != nil:
			return nil, msg.Error
		}
		return msg.Return, <-written
	}
}

// Must is Execute for commands that have to succeed. It decodes the result into
// into, when that is given.
func (c *Client) Must(command string, args A, into ...any) {
	c.t.Helper()
	result, err := c.Execute(command, args)
	if err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
	for _, v := range into {
		if err := json.Unmarshal(result, v); err != nil {
			c.t.Fatalf("%s: %v", command, err)
		}
	}
}

// MustFail is Execute for commands that the machine has to refuse; it returns
// the text of the refusal.
func (c *Client) MustFail(command string, args A) string {
	c.t.Helper()
	result, err := c.Execute(command, args)
	var refusal *qmp.Error
	switch {
	case err == nil:
		c.t.Fatalf("%s succeeded and returned %s", command, result)
	case !errors.As(err, &refusal):
		c.t.Fatal(err)
	}
	return refusal.Desc
}
