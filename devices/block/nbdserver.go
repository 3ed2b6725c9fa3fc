package block

import (
	"errors"
	"net"
	"sync"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/tlscreds"
)

// server is the NBD server of a machine: a listener, and a goroutine for it
// and for each client.
type server struct {
	g        *Graph
	opts     ServerOptions
	creds    *tlscreds.Creds // nil: no TLS
	listener net.Listener

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// ServerOptions say where the NBD server listens.
type ServerOptions struct {
	Socket         chardev.SocketOptions
	MaxConnections int // 0: no limit

	// TLSCreds and TLSAuthz are the ids of objects: of credentials, with which
	// clients have to begin TLS, and of who decides which of them may come in.
	// They may be empty.
	TLSCreds, TLSAuthz string
}

// StartServer starts the NBD server.
func (g *Graph) StartServer(o ServerOptions) error {
	if g.server != nil {
		return errors.New("NBD server already running")
	}
	l, err := g.opts.Listen(o.Socket)
	if err != nil {
		return err
	}
	s := &server{g: g, opts: o, listener: l, conns: map[net.Conn]struct{}{}}
	if o.TLSCreds != "" {
		if s.creds, err = tlscreds.Find(g.opts.Env.Tree, o.TLSCreds, true); err != nil {
			l.Close()
			return err
		}
	}
	g.server = s
	g.running.Go(func() { s.accept() })
	return nil
}

// StopServer ends the NBD server and all exports.
func (g *Graph) StopServer() error {
	if g.server == nil {
		return errors.New("NBD server not running")
	}
	g.server.close()
	g.server = nil
	for i := len(g.exports) - 1; i >= 0; i-- {
		if e := g.exports[i]; !e.shuttingDown {
			g.shutDown(e)
		}
	}
	return nil
}

func (s *server) accept() {
	most := s.opts.MaxConnections
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed || most > 0 && len(s.conns) >= most {
			s.mu.Unlock()
			c.Close()
			continue
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.g.running.Go(func() {
			if err := guard.Run(s.g.opts.Log, "an NBD connection", func() error { return s.serve(c) }); err != nil {
				s.g.opts.Log.Debug("NBD client left", "error", err)
			}
			c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// close ends the listener and cuts off who has not chosen an export yet.
func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.listener.Close()
	for c := range s.conns {
		c.Close()
	}
}
