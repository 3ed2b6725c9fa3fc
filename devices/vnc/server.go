package vnc

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/qom"
)

// Options describe a server.
type Options struct {
	ID string // "default" for the first
	// Name is what clients call the screen.
	Name string
	// Password has clients prove that they know the password; without one nobody
	// comes in.
	Password bool
	// Credentials names the object with the server's credentials for TLS, Authz the
	// one that decides who may come in; empty: no TLS, and anybody.
	Credentials, Authz string
	// Tree is where those objects are.
	Tree *qom.Tree
	// Sharing is the policy among clients, Connections how many may share; 0: any.
	Sharing     Sharing
	Connections int
	// Do runs a function under the machine's lock, which guards the clients.
	Do func(func())
	// Panel is where the machine's keyboard and mouse are, After calls a function
	// under the lock once so much virtual time has passed, and Awake reports whether
	// somebody is there to see what is typed. Panel nil: nothing is typed.
	Panel *input.Panel
	After func(time.Duration, func())
	Awake func() bool
	// Emit sends an event; it is called under that lock.
	Emit func(name string, data any)
	Log  *slog.Logger // nil: nothing is logged
}

// Endpoint is one end of a connection, as QEMU's VncBasicInfo has it.
type Endpoint struct {
	Host      string `json:"host"`
	Service   string `json:"service"` // the port, or a socket's path
	Family    string `json:"family"`  // "ipv4", "ipv6" or "unix"
	WebSocket bool   `json:"websocket"`
}

// ServerEndpoint is a listening end, as QEMU's VncServerInfo2 has it.
type ServerEndpoint struct {
	Security
	Endpoint
}

// Security is how clients authenticate.
type Security struct {
	Auth     string `json:"auth"`               // "none", "vnc" or "vencrypt"
	VeNCrypt string `json:"vencrypt,omitempty"` // "x509-none" or "x509-vnc", within TLS
}

// event is the data of VNC_CONNECTED and its like.
type event struct {
	Server struct {
		Auth string `json:"auth"`
		Endpoint
	} `json:"server"`
	Client Endpoint `json:"client"`
}

// Server shows a black screen to whoever connects.
type Server struct {
	opts    Options
	serving sync.WaitGroup

	// Guarded by the machine's lock:
	listeners []Listener
	clients   []*client
	password  password
	encrypt   encrypt // nil: nothing is encrypted
	closed    bool
	keys      keyboard
}

// New makes a server that does not listen yet.
func New(o Options) *Server {
	s := &Server{opts: o}
	s.keys.typist = input.Typist{Panel: o.Panel, After: o.After, Awake: o.Awake}
	return s
}

// ID is the server's name among those of its machine.
func (s *Server) ID() string { return s.opts.ID }

// Security is how clients authenticate who do not come within a WebSocket. The
// machine's lock is held.
func (s *Server) Security() Security {
	switch auth := s.auth(); {
	case s.encrypt != nil:
		return Security{"vencrypt", "x509-" + auth}
	default:
		return Security{Auth: auth}
	}
}

// auth is what clients have to do apart from encryption.
func (s *Server) auth() string {
	if s.opts.Password {
		return "vnc"
	}
	return "none"
}

// Listen makes the server listen there and nowhere else; it closes the listeners
// in the end. The machine's lock is held. Connections there are stay.
func (s *Server) Listen(listeners []Listener) {
	old := s.listeners
	s.listeners = listeners
	for _, l := range old {
		l.Close()
	}
	for _, l := range listeners {
		s.serving.Go(func() { l.serve(s.start) })
	}
}

// Endpoint is where the server listens, as query-vnc tells it: the first address.
// ok is false when it listens nowhere.
func (s *Server) Endpoint() (e ServerEndpoint, ok bool) {
	for _, l := range s.listeners {
		if !l.WebSocket {
			return s.endpoint(l), true
		}
	}
	return e, false
}

// Endpoints are all ends that listen, in the order of query-vnc-servers: the last
// first, WebSockets before the others.
func (s *Server) Endpoints() []ServerEndpoint {
	list := []ServerEndpoint{}
	for _, web := range []bool{true, false} {
		for _, l := range slices.Backward(s.listeners) {
			if l.WebSocket == web {
				list = append(list, s.endpoint(l))
			}
		}
	}
	return list
}

func (s *Server) endpoint(l Listener) ServerEndpoint {
	e := ServerEndpoint{Security: s.Security(), Endpoint: endpoint(l.Addr())}
	if e.WebSocket = l.WebSocket; l.WebSocket && s.encrypt != nil {
		e.Security = Security{Auth: s.auth()} // TLS is below
	}
	return e
}

// Clients lists who is connected, newest first. The machine's lock is held.
func (s *Server) Clients() []Endpoint {
	list := make([]Endpoint, 0, len(s.clients))
	for _, c := range slices.Backward(s.clients) {
		list = append(list, c.remote)
	}
	return list
}

// Close ends the server and its connections. The machine's lock is not held.
func (s *Server) Close() {
	s.opts.Do(func() {
		s.closed = true
		for _, c := range s.clients {
			c.raw.Close()
		}
		s.Listen(nil)
	})
	s.serving.Wait()
}

// Attach serves a client that came another way, as add_client does; skipAuth
// spares it the password. The machine's lock is held.
func (s *Server) Attach(conn net.Conn, skipAuth bool) {
	if s.closed {
		conn.Close()
		return
	}
	c := newClient(conn)
	c.trusted = skipAuth
	s.start(c)
}

// start serves a client on a goroutine of its own.
func (s *Server) start(c *client) { s.serving.Go(func() { s.serve(c) }) }

// serve is one connection.
func (s *Server) serve(c *client) {
	defer c.raw.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	open := false
	h := host{
		name:  s.opts.Name,
		admit: func(shared bool) (ok bool) { s.opts.Do(func() { ok = s.admit(c, shared) }); return ok },
	}
	m := mouse{panel: s.opts.Panel}
	c.key = func(sym uint32, down bool) {
		s.opts.Do(func() {
			if s.opts.Panel != nil {
				s.keys.symbol(sym, down)
			}
		})
	}
	c.point = func(buttons byte, x, y int) {
		s.opts.Do(func() {
			if s.opts.Panel != nil && s.opts.Awake() {
				m.move(buttons, x, y)
			}
		})
	}
	if s.opts.Password && !c.trusted {
		h.expected = s.expected
	}
	s.opts.Do(func() {
		h.encrypt = s.encrypt
		if open = !s.closed; open {
			s.clients = append(s.clients, c)
			s.tell("VNC_CONNECTED", c)
		}
	})
	if !open {
		return
	}
	guard.Run(s.opts.Log, "a VNC connection", func() error { return c.talk(ctx, h) })
	s.opts.Do(func() {
		s.clients = slices.DeleteFunc(s.clients, func(other *client) bool { return other == c })
		if !s.closed {
			s.keys.release()
			s.tell("VNC_DISCONNECTED", c)
		}
	})
}

func (s *Server) tell(name string, c *client) {
	e := event{Client: c.remote}
	first, _ := s.Endpoint()
	e.Server.Auth, e.Server.Endpoint = first.Auth, first.Endpoint
	s.opts.Emit(name, e)
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
