package qmp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/qomd/qomd/qmp/schema"
)

// Config is what a Server needs from its machine. Only Commands is required.
type Config struct {
	Commands *CommandSet
	Schema   *schema.Schema // nil: arguments are not checked before they are decoded
	Policy   *schema.Policy // what of the schema is refused and hidden; nil: nothing
	Version  Version
	Logger   *slog.Logger // nil: silent

	// Do runs a function under the machine's lock. The server runs command
	// bodies in it and queues their reply before it returns, so that events
	// emitted under the same lock before the body ends come before the reply, and
	// those emitted after the function (as the lock is given up) follow it.
	// nil: a lock of the server's own.
	Do func(func())

	// Allowed may refuse a command in the machine's present state. It is asked
	// under the lock, before the arguments are looked at.
	Allowed func(*Command) error

	// Words puts the text of an error as the version of QEMU does that the server
	// speaks for; nil: as it is.
	Words func(string) string
	// LateSyntax tells mistakes in JSON when the value is over, as
	// [qjson.NewLateParser].
	LateSyntax bool

	Now       func() time.Time                                   // time of events; nil: time.Now
	AfterFunc func(d time.Duration, f func()) (stop func() bool) // nil: time.AfterFunc

	// Heard is told of every request that is about to be run, whatever its form,
	// and Starting of every command that is, once it is allowed and its arguments
	// have been checked; both with the same lock as the command has. nil: nobody is.
	Heard    func(s *Session, request any)
	Starting func(call *Call)

	// Answered is told of every request that was answered, before the answer is
	// queued and under the same lock as the command; call.Command is nil when the
	// request named none. nil: nobody is.
	Answered func(call *Call, result any, err error)

	// Running is told, under the lock, which session's command is about to run
	// in band, and nil when it is over.
	Running func(*Session)

	Connected    func(*Session) // called before the greeting
	Disconnected func(*Session) // called when the session is over
}

// Monitor describes one place where clients connect (a chardev with -mon).
type Monitor struct {
	Name       string // for logs
	Pretty     bool   // replies over several lines
	WithoutOOB bool   // do not offer out-of-band execution
}

// under is the schema with the policy. Precondition: there is a schema.
func (c *Config) under() schema.Under { return schema.Under{Schema: c.Schema, Policy: c.Policy} }

// Server is the QMP side of one machine: it serves any number of monitors.
type Server struct {
	cfg Config
	log *slog.Logger

	wg sync.WaitGroup // accept loops, sessions, the dispatcher

	mu          sync.Mutex // see doc.go for the order of locks
	closing     bool
	ended       bool // no request is served any more
	lastID      uint64
	listeners   map[net.Listener]struct{}
	sessions    map[*Session]struct{}
	ready       []*Session // those with queued requests, next one first
	dispatching bool
	throttles   map[throttleKey]*throttle
}

// NewServer returns a server without monitors. It needs no Shutdown as long as
// nothing is served.
func NewServer(cfg Config) *Server {
	if cfg.Commands == nil {
		cfg.Commands = NewCommandSet()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if cfg.Do == nil {
		var lock sync.Mutex
		cfg.Do = func(f func()) {
			lock.Lock()
			defer lock.Unlock()
			f()
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.AfterFunc == nil {
		cfg.AfterFunc = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	return &Server{
		cfg:       cfg,
		log:       cfg.Logger,
		listeners: make(map[net.Listener]struct{}),
		sessions:  make(map[*Session]struct{}),
		throttles: make(map[throttleKey]*throttle),
	}
}

// Commands returns the commands of the server.
func (s *Server) Commands() *CommandSet { return s.cfg.Commands }

// Sessions returns the number of connected clients.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Shutdown ends the server: no new clients, no further requests; what is queued
// for clients is still sent. It waits for every goroutine of the server, at most
// until ctx is done; then connections are cut and ctx's error is returned. It
// must not be called from a command, nor with the machine lock held.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for ln := range s.listeners {
		ln.Close()
	}
	for _, t := range s.throttles {
		t.stop()
	}
	clear(s.throttles)
	for sess := range s.sessions {
		sess.cancel(ErrServerClosed)
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for sess := range s.sessions {
		sess.conn.Close()
	}
	s.mu.Unlock()
	return ctx.Err()
}

// enter counts a goroutine of the server; false once it is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.wg.Add(1)
	return true
}
