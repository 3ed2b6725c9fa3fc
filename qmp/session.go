package qmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// Limits of one session.
const (
	// QueueLength is the number of in-band requests that may wait once "oob" is
	// enabled (QMP_REQ_QUEUE_LEN_MAX); without it there is one at a time. Beyond
	// that the connection is not read.
	QueueLength = 8

	// MaxPending is how many bytes may wait for a client that does not read before
	// it is disconnected.
	MaxPending = 16 << 20

	// flushTime is how long a session that ends tries to deliver what is queued.
	flushTime = time.Second
)

// Session is one connected client.
type Session struct {
	server  *Server
	conn    net.Conn
	monitor Monitor
	id      uint64
	ctx     context.Context
	cancel  context.CancelCauseFunc

	out output

	// Protected by server.mu:
	ready   bool // negotiation is over
	oob     bool // out-of-band execution was enabled
	gone    bool // no further requests are taken
	queue   []request
	running int       // requests being executed in band
	aside   bool      // one of them waits without the lock
	room    sync.Cond // signalled when queue or running shrinks, or gone is set

	pretty atomic.Bool // over several lines, as Monitor said or SetPretty
	values sync.Map    // of SetValue
}

// open makes a session and counts its two goroutines; nil when the server closes.
func (s *Server) open(ctx context.Context, conn net.Conn, m Monitor) *Session {
	sess := &Session{server: s, conn: conn, monitor: m}
	sess.pretty.Store(m.Pretty)
	sess.ctx, sess.cancel = context.WithCancelCause(ctx)
	sess.room.L = &s.mu
	sess.out.wake = make(chan struct{}, 1)
	sess.out.finished = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		sess.cancel(ErrServerClosed)
		return nil
	}
	s.lastID++
	sess.id = s.lastID
	s.sessions[sess] = struct{}{}
	s.wg.Add(2) // reader and writer
	return sess
}

// close ends a session whose reader has returned: queued requests are dropped, as
// QEMU does when a client hangs up, and what is queued for the client is sent.
func (s *Server) close(sess *Session) {
	s.mu.Lock()
	delete(s.sessions, sess)
	sess.gone = true
	sess.queue = nil
	for sess.running > 0 {
		// The reply of the request at work still goes to this client, not into
		// the void: a client may have shut down its sending direction only.
		sess.room.Wait()
	}
	s.mu.Unlock()
	sess.cancel(nil)
	sess.conn.SetWriteDeadline(time.Now().Add(flushTime))
	sess.out.finish()
	<-sess.out.finished
	sess.conn.Close()
}

// ID is the number of the session, unique within its server.
func (c *Session) ID() uint64 { return c.id }

// Name identifies the session in logs: the monitor's name and the number.
func (c *Session) Name() string { return fmt.Sprintf("%s#%d", c.monitor.Name, c.id) }

// Monitor tells where the client connected.
func (c *Session) Monitor() Monitor { return c.monitor }

// Conn is the connection. It belongs to the session: callers may ask it for
// addresses, and receive file descriptors that came with it, but not write.
func (c *Session) Conn() net.Conn { return c.conn }

// SetPretty changes the layout of everything the client gets from now on.
func (c *Session) SetPretty(pretty bool) { c.pretty.Store(pretty) }

// OOB reports whether the client has enabled out-of-band execution.
func (c *Session) OOB() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.oob
}

// Value returns what SetValue stored under key, or nil.
func (c *Session) Value(key any) any {
	v, _ := c.values.Load(key)
	return v
}

// SetValue stores something for the life of the session. Keys should be of a
// type of the caller's own.
func (c *Session) SetValue(key, value any) { c.values.Store(key, value) }

// negotiated ends the negotiation. Precondition: server.mu is held.
func (c *Session) negotiated(oob bool) { c.ready, c.oob = true, oob }

// state returns what decides how a request is treated.
func (c *Session) state() (ready, oob bool) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.ready, c.oob
}

// read takes requests from the connection until it ends.
func (c *Session) read() error {
	parser := qjson.NewParser()
	if c.server.cfg.LateSyntax {
		parser = qjson.NewLateParser()
	}
	buf := make([]byte, 4096)
	take := c.take // bound once
	for {
		n, err := c.conn.Read(buf)
		if n > 0 {
			parser.Feed(buf[:n], take)
		}
		switch {
		case c.ctx.Err() != nil:
			return context.Cause(c.ctx)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// stopReading makes the reader return, wherever it waits; the writer carries on.
// It runs when the session's context is done, which is how sessions are ended.
func (c *Session) stopReading() {
	c.conn.SetReadDeadline(time.Unix(1, 0))
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.room.Broadcast()
}

// errCutOff ends a session whose client does not read.
var errCutOff = errors.New("qmp: too much is pending for a client that does not read")

// cut ends the session because of the client's behaviour. It may be called with
// any lock held.
func (c *Session) cut() {
	c.server.log.Warn("client cut off", slog.String("session", c.Name()), slog.Any("error", errCutOff))
	c.cancel(errCutOff)
	c.conn.Close()
}
