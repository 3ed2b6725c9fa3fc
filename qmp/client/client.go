package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	goqemu "github.com/digitalocean/go-qemu/qmp"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// ErrClosed is returned for commands that were not answered before the connection
// ended, and for all after that.
var ErrClosed = errors.New("qmp client: connection closed")

// Config says how a Client behaves. The zero value is fine.
type Config struct {
	OOB         bool         // enable out-of-band execution if the server offers it
	EventBuffer int          // events that may wait in a channel; zero means 256
	Logger      *slog.Logger // nil: silent
}

// Client is a connection to a QMP server.
type Client struct {
	conn net.Conn
	in   *bufio.Reader
	cfg  Config

	// Set by Connect, constant after it.
	version      goqemu.Version
	capabilities []string

	writing sync.Mutex // one command at a time on the connection; before mu

	mu        sync.Mutex
	connected bool
	fault     error // why the connection ended
	lastID    uint64
	pending   map[string]chan message
	events    map[*subscription]struct{}
	done      chan struct{} // closed when the reader has returned
}

var _ goqemu.Monitor = (*Client)(nil)

// message is what a server sends, and its text.
type message struct {
	Greeting *struct {
		Version      goqemu.Version `json:"version"`
		Capabilities []string       `json:"capabilities"`
	} `json:"QMP"`
	Event  string          `json:"event"`
	ID     any             `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *qmp.Error      `json:"error"`

	text []byte
}

// New returns a client on an open connection. Call Connect before anything else.
func New(conn net.Conn, cfg Config) *Client {
	if cfg.EventBuffer <= 0 {
		cfg.EventBuffer = 256
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &Client{
		conn:    conn,
		in:      bufio.NewReader(conn),
		cfg:     cfg,
		pending: make(map[string]chan message),
		events:  make(map[*subscription]struct{}),
		done:    make(chan struct{}),
	}
}

// Dial opens a connection, "unix" or "tcp", and negotiates. ctx limits both.
func Dial(ctx context.Context, network, address string, cfg Config) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := New(conn, cfg)
	if err := c.ConnectContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Connect waits for the greeting and negotiates.
func (c *Client) Connect() error { return c.ConnectContext(context.Background()) }

// ConnectContext is Connect until ctx is done; the connection is of no use after
// that.
func (c *Client) ConnectContext(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })()
	c.mu.Lock()
	if c.connected {
		c.mu.Unlock()
		return errors.New("qmp client: connected already")
	}
	c.connected = true
	c.mu.Unlock()
	hello, err := c.receive()
	if err != nil {
		close(c.done)
		return fmt.Errorf("qmp client: no greeting: %w", cmpErr(ctx.Err(), err))
	}
	if hello.Greeting == nil {
		close(c.done)
		return fmt.Errorf("qmp client: not a greeting: %.100q", hello.text)
	}
	c.version, c.capabilities = hello.Greeting.Version, hello.Greeting.Capabilities
	go c.read()

	enable := []string{}
	for _, offered := range c.capabilities {
		if offered == "oob" && c.cfg.OOB {
			enable = append(enable, offered)
		}
	}
	var args any
	if len(enable) > 0 {
		args = map[string]any{"enable": enable}
	}
	return c.Execute(ctx, "qmp_capabilities", args, nil)
}

// cmpErr returns the first error that is one.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Disconnect closes the connection and waits for the reader.
func (c *Client) Disconnect() error {
	err := c.conn.Close()
	c.mu.Lock()
	connected := c.connected
	c.mu.Unlock()
	if connected {
		<-c.done
	}
	return err
}

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Version is what the greeting said.
func (c *Client) Version() goqemu.Version { return c.version }

// Capabilities are those the server offers.
func (c *Client) Capabilities() []string { return c.capabilities }

// Execute runs a command. args is anything that encodes to a JSON object, nil for
// none. The result is decoded into reply unless that is nil. An error of the
// server is a *qmp.Error.
func (c *Client) Execute(ctx context.Context, command string, args any, reply any) error {
	return c.execute(ctx, "execute", command, args, reply)
}

// ExecuteOOB runs a command out of band: ahead of those under way.
func (c *Client) ExecuteOOB(ctx context.Context, command string, args any, reply any) error {
	return c.execute(ctx, "exec-oob", command, args, reply)
}

func (c *Client) execute(ctx context.Context, verb, command string, args, reply any) error {
	request := qjson.NewObject(qjson.Member{Name: verb, Value: command})
	if args != nil {
		request.Set("arguments", args)
	}
	m, err := c.roundTrip(ctx, request)
	switch {
	case err != nil:
		return err
	case m.Error != nil:
		return m.Error
	case reply == nil:
		return nil
	}
	return json.Unmarshal(m.Return, reply)
}

// Run sends a whole command in JSON and returns the whole reply. It is go-qemu's
// interface; an id in the command is replaced.
func (c *Client) Run(command []byte) ([]byte, error) {
	return c.RunContext(context.Background(), command)
}

// RunContext is Run until ctx is done.
func (c *Client) RunContext(ctx context.Context, command []byte) ([]byte, error) {
	v, err := qjson.Parse(command)
	if err != nil {
		return nil, fmt.Errorf("qmp client: %w", err)
	}
	request, ok := v.(*qjson.Object)
	if !ok {
		return nil, errors.New("qmp client: a command is a JSON object")
	}
	m, err := c.roundTrip(ctx, request)
	if err != nil {
		return nil, err
	}
	if m.Error != nil {
		return nil, m.Error
	}
	return m.text, nil
}

// roundTrip sends a request with an id of its own and waits for the answer.
func (c *Client) roundTrip(ctx context.Context, request *qjson.Object) (message, error) {
	answer := make(chan message, 1)
	c.mu.Lock()
	if !c.connected || c.fault != nil {
		err := cmpErr(c.fault, errors.New("qmp client: not connected"))
		c.mu.Unlock()
		return message{}, err
	}
	c.lastID++
	id := "qomd-" + strconv.FormatUint(c.lastID, 10)
	c.pending[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
	}()

	request.Set("id", id)
	text := append(qjson.Append(nil, request, false), '\n')
	c.writing.Lock()
	_, err := c.conn.Write(text)
	c.writing.Unlock()
	if err != nil {
		return message{}, fmt.Errorf("qmp client: %w", err)
	}
	select {
	case m, ok := <-answer:
		if !ok {
			return message{}, ErrClosed
		}
		return m, nil
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
}
