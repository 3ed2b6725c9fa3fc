package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// patience is how long a client waits for what has to come. Nothing here takes
// long; on a busy computer it may.
const patience = 30 * time.Second

// client is one connection of a story. A goroutine reads, so that the machine
// never waits for the story; everything else is the story's own goroutine.
type client struct {
	name     string
	conn     net.Conn
	far      *farEnd
	ready    bool // negotiation is over: events come
	barriers int

	mu    sync.Mutex
	wake  *sync.Cond
	lines [][]byte // read, not looked at
	raw   []byte   // all that was read
	eof   bool

	events []received // since the last look
	order  []string   // of what came since then
	record func(client, mark string, text []byte)
}

// received is an event as it came.
type received struct {
	name string
	data *qjson.Object
	text string
}

func newClient(name string, conn net.Conn, record func(client, mark string, text []byte)) *client {
	c := &client{name: name, conn: conn, record: record}
	c.wake = sync.NewCond(&c.mu)
	go c.read()
	return c
}

func (c *client) read() {
	buf := make([]byte, 1<<16)
	var partial []byte
	for {
		n, err := c.conn.Read(buf)
		c.mu.Lock()
		c.raw = append(c.raw, buf[:n]...)
		partial = append(partial, buf[:n]...)
		for {
			i := bytes.IndexByte(partial, '\n')
			if i < 0 {
				break
			}
			c.lines = append(c.lines, bytes.Clone(partial[:i+1]))
			partial = partial[i+1:]
		}
		if err != nil {
			c.eof = true
		}
		c.wake.Broadcast()
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// errClosed means that the client was hung up on.
var errClosed = errors.New("the connection was closed")

// line returns the next line, waiting for it.
func (c *client) line() ([]byte, error) {
	limit := time.AfterFunc(patience, c.wake.Broadcast)
	defer limit.Stop()
	end := time.Now().Add(patience)
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.lines) == 0 {
		if c.eof {
			return nil, errClosed
		}
		if !time.Now().Before(end) {
			return nil, errors.New("nothing came")
		}
		c.wake.Wait()
	}
	l := c.lines[0]
	c.lines = c.lines[1:]
	return l, nil
}

// closed waits until the connection ends and returns what came before that.
func (c *client) closed() error {
	for {
		l, err := c.line()
		switch {
		case errors.Is(err, errClosed):
			return nil
		case err != nil:
			return errors.New("the connection was not closed")
		}
		if err := c.take(l); err != nil {
			return err
		}
	}
}

// isEOF reports whether the connection has ended.
func (c *client) isEOF() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.eof
}

// message is anything that comes after the greeting.
type message struct {
	event  *received
	ret    any
	failed *Failure
	id     any
}

// parse takes a line apart.
func parse(line []byte) (message, error) {
	v, err := qjson.Parse(bytes.TrimRight(line, "\r\n"))
	o, ok := v.(*qjson.Object)
	if err != nil || !ok {
		return message{}, fmt.Errorf("this is no message: %.200q", line)
	}
	var m message
	m.id, _ = o.Get("id")
	if name, ok := o.Get("event"); ok {
		m.event = &received{text: string(bytes.TrimRight(line, "\r\n"))}
		m.event.name, _ = name.(string)
		data, _ := o.Get("data")
		m.event.data, _ = data.(*qjson.Object)
		return m, nil
	}
	if e, ok := o.Get("error"); ok {
		m.failed = &Failure{}
		if e, ok := e.(*qjson.Object); ok {
			class, _ := e.Get("class")
			desc, _ := e.Get("desc")
			m.failed.Class, _ = class.(string)
			m.failed.Desc, _ = desc.(string)
		}
		return m, nil
	}
	m.ret, _ = o.Get("return")
	return m, nil
}

// take notes a line that must be an event.
func (c *client) take(line []byte) error {
	m, err := parse(line)
	if err != nil {
		return err
	}
	if m.event == nil {
		return fmt.Errorf("an answer came that nobody waited for: %s", bytes.TrimSpace(line))
	}
	c.record(c.name, "<-", line)
	c.events = append(c.events, *m.event)
	c.order = append(c.order, m.event.name)
	return nil
}

// reply returns the next answer; events before it are noted.
func (c *client) reply() (message, error) {
	for {
		l, err := c.line()
		if err != nil {
			return message{}, err
		}
		m, err := parse(l)
		if err != nil {
			return m, err
		}
		if m.event == nil {
			if isBarrier(m.id) {
				continue // a fault kept it back, and somebody else waited for that
			}
			c.record(c.name, "<-", l)
			c.order = append(c.order, "reply")
			return m, nil
		}
		if err := c.take(l); err != nil {
			return m, err
		}
	}
}

// send sends a command.
func (c *client) send(command string, arguments *qjson.Object, id any) error {
	req := qjson.NewObject(qjson.Member{Name: "execute", Value: command})
	if arguments != nil {
		req.Set("arguments", arguments)
	}
	if id != nil {
		req.Set("id", id)
	}
	text := append(qjson.Append(nil, req, false), '\n')
	if !isBarrier(id) {
		c.record(c.name, "->", text)
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := c.conn.Write(text)
	if errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) {
		return errClosed
	}
	return err
}

// barrierPrefix begins the ids of questions that are asked only to know that
// everything sent before their answer has come.
const barrierPrefix = "barrier "

func isBarrier(id any) bool {
	s, ok := id.(string)
	return ok && strings.HasPrefix(s, barrierPrefix)
}

// ask sends the question of a barrier.
func (c *client) ask() (id string, err error) {
	c.barriers++
	id = fmt.Sprint(barrierPrefix, c.barriers)
	return id, c.send("query-name", nil, id)
}

// barrier waits until everything that the machine said has come.
func (c *client) barrier() error {
	id, err := c.ask()
	if err != nil {
		return err
	}
	for {
		l, err := c.line()
		if err != nil {
			return err
		}
		m, err := parse(l)
		switch {
		case err != nil:
			return err
		case m.id == any(id):
			return nil
		case m.event == nil && isBarrier(m.id):
			continue
		}
		if err := c.take(l); err != nil {
			return err
		}
	}
}

// describe writes an answer as it could stand in a story.
func describe(m message) string {
	if m.failed != nil {
		return fmt.Sprintf("error: {class: %s, desc: %q}", m.failed.Class, m.failed.Desc)
	}
	text, err := json.Marshal(json.RawMessage(qjson.Append(nil, m.ret, false)))
	if err != nil {
		return err.Error()
	}
	return "returns: " + string(text)
}
