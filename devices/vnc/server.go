package vnc

import (
	"net"
	"slices"
	"strconv"
	"sync"
)

// Options describe a server.
type Options struct {
	ID string // "default" for the first
	// Name is what clients call the screen.
	Name string
	// Do runs a function under the machine's lock, which guards the clients.
	Do func(func())
	// Emit sends an event; it is called under that lock.
	Emit func(name string, data any)
}

// Endpoint is one end of a connection, as QEMU's VncBasicInfo has it.
type Endpoint struct {
	Host      string `json:"host"`
	Service   string `json:"service"` // the port, or a socket's path
	Family    string `json:"family"`  // "ipv4", "ipv6" or "unix"
	WebSocket bool   `json:"websocket"`
}

// ServerEndpoint is a listening end, as QEMU's VncServerInfo has it.
type ServerEndpoint struct {
	Auth string `json:"auth"`
	Endpoint
}

// event is the data of VNC_CONNECTED and its like.
type event struct {
	Server ServerEndpoint `json:"server"`
	Client Endpoint       `json:"client"`
}

// Server shows a black screen to whoever connects.
type Server struct {
	opts     Options
	listener net.Listener
	serving  sync.WaitGroup

	clients []*client // guarded by the machine's lock
	closed  bool
}

// Serve starts a server on a listener, which it closes in the end.
func Serve(l net.Listener, o Options) *Server {
	s := &Server{opts: o, listener: l}
	s.serving.Go(s.accept)
	return s
}

// ID is the server's name among those of its machine.
func (s *Server) ID() string { return s.opts.ID }

// Endpoint is where the server listens.
func (s *Server) Endpoint() ServerEndpoint {
	return ServerEndpoint{Auth: "none", Endpoint: endpoint(s.listener.Addr())}
}

// Clients lists who is connected, oldest first. The machine's lock is held.
func (s *Server) Clients() []Endpoint {
	list := make([]Endpoint, 0, len(s.clients))
	for _, c := range s.clients {
		list = append(list, c.remote)
	}
	return list
}

// Close ends the server and its connections. The machine's lock is not held.
func (s *Server) Close() {
	s.opts.Do(func() {
		s.closed = true
		for _, c := range s.clients {
			c.conn.Close()
		}
	})
	s.listener.Close()
	s.serving.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.serving.Go(func() { s.serve(&client{conn: conn, remote: endpoint(conn.RemoteAddr())}) })
	}
}

// serve is one connection.
func (s *Server) serve(c *client) {
	defer c.conn.Close()
	open := false
	s.opts.Do(func() {
		if open = !s.closed; open {
			s.clients = append(s.clients, c)
			s.tell("VNC_CONNECTED", c)
		}
	})
	if !open {
		return
	}
	c.talk(s.opts.Name, func() { s.opts.Do(func() { s.tell("VNC_INITIALIZED", c) }) })
	s.opts.Do(func() {
		s.clients = slices.DeleteFunc(s.clients, func(other *client) bool { return other == c })
		if !s.closed {
			s.tell("VNC_DISCONNECTED", c)
		}
	})
}

func (s *Server) tell(name string, c *client) {
	s.opts.Emit(name, event{Server: s.Endpoint(), Client: c.remote})
}

// endpoint describes an address. The client's end of a unix socket has none.
func endpoint(a net.Addr) Endpoint {
	switch a := a.(type) {
	case *net.TCPAddr:
		e := Endpoint{Host: a.IP.String(), Service: strconv.Itoa(a.Port), Family: "ipv6"}
		if a.IP.To4() != nil {
			e.Family = "ipv4"
		}
		return e
	case *net.UnixAddr:
		if a.Name == "@" { // nobody gave it a name
			return Endpoint{Family: "unix"}
		}
		return Endpoint{Service: a.Name, Family: "unix"}
	}
	return Endpoint{Family: "unknown"}
}
