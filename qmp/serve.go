package qmp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"
)

// ErrServerClosed is returned by Serve and ServeConn after Shutdown.
var ErrServerClosed = errors.New("qmp: server closed")

// Serve accepts clients on ln, one at a time: as with QEMU's sockets the next one
// can connect, but waits for its greeting until the one before is gone. It returns
// nil when ctx is done, ErrServerClosed after Shutdown, or why ln failed, and
// closes ln in each case.
func (s *Server) Serve(ctx context.Context, ln net.Listener, m Monitor) error {
	defer ln.Close()
	if !s.enter() {
		return ErrServerClosed
	}
	defer s.wg.Done()
	s.mu.Lock()
	s.listeners[ln] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, ln)
		s.mu.Unlock()
	}()
	defer context.AfterFunc(ctx, func() { ln.Close() })()

	for {
		conn, err := ln.Accept()
		if err != nil {
			s.mu.Lock()
			closing := s.closing
			s.mu.Unlock()
			switch {
			case closing:
				return ErrServerClosed
			case ctx.Err() != nil:
				return nil
			}
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() {
				// Out of file descriptors, most likely: do not spin.
				s.log.Warn("cannot accept", slog.String("monitor", m.Name), slog.Any("error", err))
				select {
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
				continue
			}
			return err
		}
		if err := s.ServeConn(ctx, conn, m); errors.Is(err, ErrServerClosed) {
			return err
		}
	}
}

// ServeConn serves one client on a connection of any origin: accepted, dialled or
// one end of a net.Pipe. It returns when the client is gone, ctx is done or the
// server shuts down, and closes conn. The error says why the session ended, nil
// if the client left by itself.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn, m Monitor) error {
	sess := s.open(ctx, conn, m)
	if sess == nil {
		conn.Close()
		return ErrServerClosed
	}
	defer s.wg.Done()
	defer context.AfterFunc(sess.ctx, sess.stopReading)()

	s.log.Info("client connected", slog.String("session", sess.Name()))
	if s.cfg.Connected != nil {
		s.cfg.Connected(sess)
	}
	sess.send(s.greeting(m))
	go func() {
		defer s.wg.Done()
		sess.write()
	}()
	err := sess.read()
	s.close(sess)
	if err != nil {
		s.log.Info("client disconnected", slog.String("session", sess.Name()), slog.String("reason", err.Error()))
	} else {
		s.log.Info("client disconnected", slog.String("session", sess.Name()))
	}
	if s.cfg.Disconnected != nil {
		s.cfg.Disconnected(sess)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return ErrServerClosed
	}
	return err
}
