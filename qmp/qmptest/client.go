package qmptest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"testing"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// A is the arguments of a command.
type A = map[string]any

// Event is an event as a client sees it.
type Event struct {
	Name string          `json:"event"`
	Data json.RawMessage `json:"data"`
}

// Member returns a member of the event's data that is a string, empty when
// there is none.
func (e Event) Member(name string) string {
	var data map[string]any
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	s, _ := data[name].(string)
	return s
}

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
	defer m.mu.Unlock()
	if m.client == nil {
		m.client = m.newClient()
	}
	return m.client
}

// newClient connects and negotiates.
func (m *Machine) newClient() *Client {
	m.t.Helper()
	conn := m.Dial()
	c := &Client{t: m.t, conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.r.ReadBytes('\n'); err != nil {
		m.t.Fatalf("qmptest: no greeting: %v", err)
	}
	c.Must("qmp_capabilities", nil)
	return c
}

// Execute runs a command and returns what it returned. The error is a
// *[qmp.Error] when the machine sent one.
func (c *Client) Execute(command string, args A) (json.RawMessage, error) {
	req := qjson.NewObject(qjson.Member{Name: "execute", Value: command})
	if args != nil {
		req.Set("arguments", args)
	}
	// The machine may be sending events while we write: a pipe has no buffer.
	written := make(chan error, 1)
	go func() {
		_, err := c.conn.Write(append(qjson.Append(nil, req, false), '\n'))
		written <- err
	}()
	for {
		var msg struct {
			Event
			Return json.RawMessage `json:"return"`
			Error  *qmp.Error      `json:"error"`
		}
		line, err := c.r.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &msg)
		}
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

// MustFail is Execute for commands that have to fail; it returns the text.
func (c *Client) MustFail(command string, args A) string {
	c.t.Helper()
	_, err := c.Execute(command, args)
	if err == nil {
		c.t.Fatalf("%s succeeded", command)
	}
	return err.Error()
}

// Event returns the next event, one that was kept or else the first to come.
func (c *Client) Event() Event {
	c.t.Helper()
	if len(c.events) > 0 {
		e := c.events[0]
		c.events = c.events[1:]
		return e
	}
	line, err := c.r.ReadBytes('\n')
	var e Event
	if err == nil {
		err = json.Unmarshal(line, &e)
	}
	if err != nil {
		c.t.Fatalf("waiting for an event: %v", err)
	}
	return e
}

// Events returns the events that have come by now. It asks the machine a
// question, so that everything it sent before the answer is in.
func (c *Client) Events() []Event {
	c.t.Helper()
	c.Must("query-status", nil)
	list := c.events
	c.events = nil
	return list
}
