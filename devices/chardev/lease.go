package chardev

import (
	"net"
	"sync"
	"time"
)

// lease is a connection in the hands of a monitor. When the monitor has let go
// of it, by an error or because it was deleted, the connection is as it was.
type lease struct {
	conn *Conn
	log  *logFile

	mu      sync.Mutex
	revoked bool // nothing more is read
	ended   bool // nothing more is done at all
}

func newLease(c *Conn, log *logFile) *lease { return &lease{conn: c, log: log} }

// NetConn returns the connection inside.
func (l *lease) NetConn() net.Conn { return l.conn }

// revoke stops the monitor's reads: what comes from now on is for others.
func (l *lease) revoke() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.revoked = true
	l.conn.SetReadDeadline(longAgo)
}

// end takes the connection back.
func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.conn.SetDeadline(time.Time{})
}

// with calls f unless the lease has ended.
func (l *lease) with(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return net.ErrClosed
	}
	return f()
}

func (l *lease) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

func (l *lease) Read(p []byte) (int, error) {
	if !l.readable() {
		return 0, net.ErrClosed
	}
	n, err := l.conn.Read(p)
	if n > 0 && !l.readable() {
		// The bytes may have come later than the end.
		l.conn.unread(p[:n])
		return 0, net.ErrClosed
	}
	return n, err
}

func (l *lease) readable() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.revoked && !l.ended
}

func (l *lease) Write(p []byte) (int, error) {
	if l.gone() {
		return 0, net.ErrClosed
	}
	l.log.write(p)
	return l.conn.Write(p)
}

// Close stops the monitor's reads and writes. Whether the client is cut off is
// for the port to say.
func (l *lease) Close() error {
	return l.with(func() error { return l.conn.SetDeadline(longAgo) })
}

func (l *lease) LocalAddr() net.Addr  { return l.conn.LocalAddr() }
func (l *lease) RemoteAddr() net.Addr { return l.conn.RemoteAddr() }

func (l *lease) SetDeadline(t time.Time) error {
	l.SetReadDeadline(t)
	return l.SetWriteDeadline(t)
}

func (l *lease) SetReadDeadline(t time.Time) error {
	return l.with(func() error {
		if l.revoked {
			return net.ErrClosed
		}
		return l.conn.SetReadDeadline(t)
	})
}

func (l *lease) SetWriteDeadline(t time.Time) error {
	return l.with(func() error { return l.conn.SetWriteDeadline(t) })
}

// TakeDescriptor implements [DescriptorSource].
func (l *lease) TakeDescriptor() (int, bool) {
	if l.gone() {
		return -1, false
	}
	return l.conn.TakeDescriptor()
}

// WriteDescriptor implements [DescriptorSink].
func (l *lease) WriteDescriptor(p []byte, fd int) error {
	if l.gone() {
		return net.ErrClosed
	}
	l.log.write(p)
	return l.conn.WriteDescriptor(p, fd)
}
