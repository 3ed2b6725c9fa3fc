package transcript

import (
	"bytes"
	"errors"
	"net"
	"os"
	"time"
)

// errTimeout and errClosed are why nothing came from a connection.
var (
	errTimeout = errors.New("nothing arrived in time")
	errClosed  = errors.New("the server closed the connection")
)

// conn is a connection with a buffer for what has come and is not consumed.
type conn struct {
	net.Conn
	buf    []byte
	closed bool
	fresh  bool // no message was read yet
}

// fill reads more, waiting until the deadline.
func (c *conn) fill(deadline time.Time) error {
	if c.closed {
		return errClosed
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		c.closed = true // a pipe says so here
		return errClosed
	}
	var chunk [1 << 16]byte
	n, err := c.Read(chunk[:])
	c.buf = append(c.buf, chunk[:n]...)
	switch {
	case n > 0:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTimeout
	case err != nil:
		c.closed = true
		return errClosed
	}
	return nil // an empty Write at the other end of a pipe
}

// message returns the text of the next message, line end included. A RESUME event
// in front of the greeting is passed over: QEMU sets its machine running while it
// sets up the monitor, and sometimes a client sees that.
func (c *conn) message(timeout time.Duration) ([]byte, error) {
	deadline := time.Now().Add(timeout)
	for {
		if end := messageEnd(c.buf); end > 0 {
			text := bytes.Clone(c.buf[:end])
			c.buf = c.buf[end:]
			first := c.fresh
			c.fresh = false
			if first && bytes.Contains(text, []byte(`"event": "RESUME"`)) {
				continue
			}
			return text, nil
		}
		if err := c.fill(deadline); err != nil {
			return nil, err
		}
	}
}

// messageEnd returns the length of the first message in buf with its line end, or
// zero if it is not complete.
func messageEnd(buf []byte) int {
	depth, inString := 0, false
	for i := 0; i < len(buf); i++ {
		switch c := buf[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == '\n' && depth <= 0 && len(bytes.TrimSpace(buf[:i])) > 0:
			return i + 1
		}
	}
	return 0
}

// line returns the next line without its end.
func (c *conn) line(timeout time.Duration) (string, error) {
	deadline := time.Now().Add(timeout)
	for {
		if i := bytes.IndexByte(c.buf, '\n'); i >= 0 {
			text := string(c.buf[:i])
			c.buf = c.buf[i+1:]
			return text, nil
		}
		if err := c.fill(deadline); err != nil {
			return "", err
		}
	}
}

// quiet fails if anything arrives within d.
func (c *conn) quiet(d time.Duration) error {
	deadline := time.Now().Add(d)
	for {
		if text := bytes.TrimSpace(c.buf); len(text) > 0 {
			return mismatch("expected silence, got %s", shorten(string(text)))
		}
		switch err := c.fill(deadline); err {
		case nil:
		case errTimeout:
			return nil
		case errClosed:
			return mismatch("expected silence, the connection was closed")
		default:
			return err
		}
	}
}

// end waits for the server to close and fails if anything comes before.
func (c *conn) end(timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for !c.closed {
		if err := c.fill(deadline); err != nil && err != errClosed {
			return err
		}
	}
	if text := bytes.TrimSpace(c.buf); len(text) > 0 {
		return mismatch("expected the end, got %s", shorten(string(text)))
	}
	return nil
}
