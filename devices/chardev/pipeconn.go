package chardev

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeConn is the connection of a front end to a device that others share: what
// comes for it is fed in, what it writes goes to a function. It never blocks
// either of them.
type pipeConn struct {
	limit int
	out   func([]byte) // may be nil

	mu      sync.Mutex
	more    sync.Cond
	in      []byte
	closed  bool
	expired bool
}

func newPipeConn(out func([]byte)) *pipeConn {
	c := &pipeConn{limit: maxQueued, out: out}
	c.more.L = &c.mu
	return c
}

// space is how many bytes may be fed in.
func (c *pipeConn) space() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit - len(c.in)
}

func (c *pipeConn) feed(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(c.in, p...)
	c.more.Broadcast()
}

func (c *pipeConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.in) == 0 {
		switch {
		case c.closed:
			return 0, io.EOF
		case c.expired:
			return 0, os.ErrDeadlineExceeded
		}
		c.more.Wait()
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *pipeConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	if c.out != nil {
		c.out(p)
	}
	return len(p), nil
}

func (c *pipeConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.more.Broadcast()
	return nil
}

func (c *pipeConn) LocalAddr() net.Addr  { return fileAddr("mux") }
func (c *pipeConn) RemoteAddr() net.Addr { return fileAddr("mux") }

func (c *pipeConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline knows two times: passed, and never.
func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expired = !t.IsZero() && !t.After(time.Now())
	c.more.Broadcast()
	return nil
}

func (c *pipeConn) SetWriteDeadline(time.Time) error { return nil }
