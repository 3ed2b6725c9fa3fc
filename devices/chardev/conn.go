package chardev

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxDescriptors is how many descriptors may wait for a command to take them.
const maxDescriptors = 16

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// Conn is a connection that can be lent to one front end after another. Over a
// unix socket it also keeps the descriptors that clients send along.
type Conn struct {
	net.Conn

	mu      sync.Mutex
	waiting bool // a read or an idle wait is under way
	poked   bool // it is to return, or the next one is
	fds     []int
	prefix  []byte // read, but not taken by a front end yet
	wake    chan struct{}
}

// NewConn wraps a connection.
func NewConn(c net.Conn) *Conn { return &Conn{Conn: c, wake: make(chan struct{}, 1)} }

// NetConn returns the connection inside.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Poke makes the read or wait that is under way return, or the next one.
func (c *Conn) Poke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.poked = true
	if c.waiting {
		c.Conn.SetReadDeadline(longAgo)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// begin prepares for a blocking call; false when it was poked before.
func (c *Conn) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.poked {
		c.unpoke()
		return false
	}
	c.waiting = true
	return true
}

// end reports whether the blocking call was interrupted.
func (c *Conn) end() (poked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	poked = c.poked
	if poked {
		c.unpoke()
	}
	return poked
}

func (c *Conn) unpoke() {
	c.poked = false
	c.Conn.SetReadDeadline(time.Time{})
	select {
	case <-c.wake:
	default:
	}
}

// readUnlessPoked reads; without an error and bytes it was interrupted.
func (c *Conn) readUnlessPoked(p []byte) (int, error) {
	if !c.begin() {
		return 0, nil
	}
	n, err := c.Read(p)
	if c.end() && n == 0 && os.IsTimeout(err) {
		err = nil
	}
	return n, err
}

// Read reads what was put back, or from the connection. Descriptors that come
// along are kept for [Conn.TakeDescriptor].
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if len(c.prefix) > 0 {
		n := copy(p, c.prefix)
		c.prefix = c.prefix[n:]
		c.mu.Unlock()
		return n, nil
	}
	c.mu.Unlock()
	u, ok := c.Conn.(*net.UnixConn)
	if !ok || len(p) == 0 {
		return c.Conn.Read(p)
	}
	return c.readUnix(u, p)
}

// unread puts bytes back.
func (c *Conn) unread(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prefix = append(append([]byte(nil), p...), c.prefix...)
}

// untilHangUp waits until the client is gone, which is the answer true, or
// somebody pokes. What the client sends stays where it is.
func (c *Conn) untilHangUp() bool {
	raw := rawSocket(c.Conn)
	if raw == nil {
		<-c.wake
		c.mu.Lock()
		defer c.mu.Unlock()
		c.poked = false
		return false
	}
	if !c.begin() {
		return false
	}
	err := raw.Read(func(fd uintptr) bool { return hungUp(int(fd)) })
	c.end()
	return err == nil || !os.IsTimeout(err)
}

// rawSocket returns access to a socket's descriptor, nil for what is none.
func rawSocket(c net.Conn) syscall.RawConn {
	switch c := c.(type) {
	case *net.UnixConn:
		return rawOf(c)
	case *net.TCPConn:
		return rawOf(c)
	case interface{ NetConn() net.Conn }:
		return rawSocket(c.NetConn())
	}
	return nil
}

func rawOf(c syscall.Conn) syscall.RawConn {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// Close closes the connection and the descriptors nobody took.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, fd := range c.fds {
		syscall.Close(fd)
	}
	c.fds = nil
	return err
}
