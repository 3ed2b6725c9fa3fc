package chardev

import (
	"net"
	"os"
	"time"
)

// FileConn makes a connection of a descriptor that names a connected socket.
// The file stays the caller's to close.
func FileConn(f *os.File) (net.Conn, error) { return net.FileConn(f) }

// AddClient gives a socket that listens, and serves nobody, a client that came
// another way, as add_client does. It reports whether the device took it.
func (c *Chardev) AddClient(conn net.Conn) bool {
	s, ok := c.backend.(*Socket)
	return ok && s.adopt(conn)
}

func (s *Socket) adopt(conn net.Conn) bool {
	ln, ok := s.ln.(interface{ SetDeadline(time.Time) error })
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.first != nil || s.current != nil {
		return false
	}
	s.first, s.adopted = conn, true
	if len(s.layers) == 0 {
		s.meet(conn)
	}
	ln.SetDeadline(time.Unix(1, 0)) // ends Accept, see next
	return true
}

// takeFirst returns the client that waits to be served without having been
// accepted, nil for none.
func (s *Socket) takeFirst() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.first
	s.first = nil
	if ln, ok := s.ln.(interface{ SetDeadline(time.Time) error }); ok && conn != nil && s.adopted {
		ln.SetDeadline(time.Time{})
	}
	return conn
}
