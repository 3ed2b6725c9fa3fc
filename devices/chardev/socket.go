package chardev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// SocketOptions say where a socket is and who begins.
type SocketOptions struct {
	Path      string // of a unix socket; empty: TCP
	Abstract  bool   // the path is in Linux' abstract name space
	Host      string // of TCP; empty: any address
	Port      string
	FD        int // an inherited descriptor, when UseFD
	UseFD     bool
	Server    bool
	Reconnect time.Duration // of a client: how long to wait before another try; 0: none
}

// Socket is the backend "socket". It serves one client at a time: another may
// connect, but waits until the first is gone.
type Socket struct {
	opts SocketOptions
	ln   net.Listener // of a server
	conn net.Conn     // of a client, until it is served; nil then

	connected atomic.Bool
	current   atomic.Pointer[net.Conn] // being served
	peer      atomic.Pointer[string]   // of the connected TCP client

	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// OpenSocket listens or connects. Clients that connect before [Socket.Serve]
// wait.
func OpenSocket(o SocketOptions) (*Socket, error) {
	s := &Socket{opts: o}
	var err error
	switch {
	case o.UseFD:
		err = s.inherit()
	case o.Server:
		s.ln, err = listen(o)
	default:
		s.conn, err = dial(o)
		if err != nil && o.Reconnect > 0 {
			err = nil // tried again while serving
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// inherit takes over a descriptor of the parent process: a listening socket of
// a server, a connected one otherwise.
func (s *Socket) inherit() error {
	f := os.NewFile(uintptr(s.opts.FD), "socket")
	if f == nil {
		return fmt.Errorf("File descriptor '%d' is not a socket", s.opts.FD)
	}
	defer f.Close()
	var err error
	if s.opts.Server {
		s.ln, err = net.FileListener(f)
	} else {
		s.conn, err = net.FileConn(f)
	}
	if err != nil {
		return fmt.Errorf("File descriptor '%d' is not a socket", s.opts.FD)
	}
	return nil
}

func (o SocketOptions) address() (network, address string) {
	switch {
	case o.Abstract:
		return "unix", "@" + o.Path
	case o.Path != "":
		return "unix", o.Path
	}
	return "tcp", net.JoinHostPort(o.Host, o.Port)
}

func listen(o SocketOptions) (net.Listener, error) {
	network, address := o.address()
	if network == "unix" && !o.Abstract {
		// As QEMU: a socket that was left behind is replaced.
		if st, err := os.Lstat(o.Path); err == nil && st.Mode()&os.ModeSocket != 0 {
			os.Remove(o.Path)
		}
	}
	ln, err := net.Listen(network, address)
	if err == nil {
		return ln, nil
	}
	if network == "unix" {
		return nil, fmt.Errorf("Failed to bind socket to %s: %s", o.Path, reason(err))
	}
	return nil, fmt.Errorf("Failed to find an available port: %s", reason(err))
}

func dial(o SocketOptions) (net.Conn, error) {
	conn, err := net.Dial(o.address())
	if err == nil {
		return conn, nil
	}
	if o.Path != "" {
		return nil, fmt.Errorf("Failed to connect to '%s': %s", o.Path, reason(err))
	}
	return nil, fmt.Errorf("Failed to connect to '%s:%s': %s", o.Host, o.Port, reason(err))
}

// reason is the text that strerror gives.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text := errno.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}

// Serve gives each connection to handle, one at a time, until ctx is done or a
// client that does not reconnect is through. It closes the connections.
func (s *Socket) Serve(ctx context.Context, handle func(context.Context, net.Conn)) {
	if s.ln != nil {
		stop := context.AfterFunc(ctx, func() { s.ln.Close() })
		defer stop()
		for {
			conn, err := s.ln.Accept()
			if err != nil {
				return
			}
			s.one(ctx, conn, handle)
		}
	}
	for ctx.Err() == nil {
		conn := s.conn
		s.conn = nil
		if conn == nil {
			conn, _ = dial(s.opts)
		}
		if conn != nil {
			s.one(ctx, conn, handle)
		}
		if s.opts.Reconnect <= 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.opts.Reconnect):
		}
	}
}

func (s *Socket) one(ctx context.Context, conn net.Conn, handle func(context.Context, net.Conn)) {
	defer conn.Close()
	peer := conn.RemoteAddr().String()
	s.peer.Store(&peer)
	s.current.Store(&conn)
	s.connected.Store(true)
	defer func() {
		s.connected.Store(false)
		s.current.Store(nil)
	}()
	handle(ctx, conn)
}

// Drain serves a socket that has no front end: clients may connect, what they
// send is read and dropped.
func (s *Socket) Drain() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.wg.Go(func() {
		s.Serve(ctx, func(ctx context.Context, conn net.Conn) {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			io.Copy(io.Discard, conn)
		})
	})
}

// Cut ends the connection that is being served, if any. Any goroutine may call
// it.
func (s *Socket) Cut() {
	if conn := s.current.Load(); conn != nil {
		(*conn).Close()
	}
}

// TypeName returns the QOM type.
func (s *Socket) TypeName() string { return "chardev-socket" }

// Listener returns the listening socket of a server, nil for a client.
func (s *Socket) Listener() net.Listener { return s.ln }

// Connected reports whether a client is being served.
func (s *Socket) Connected() bool { return s.connected.Load() }

// Filename describes the socket as query-chardev does.
func (s *Socket) Filename() string {
	prefix := ""
	if !s.Connected() {
		prefix = "disconnected:"
	}
	suffix := ""
	if s.opts.Server {
		suffix = ",server=on"
	}
	if s.opts.Path != "" {
		return prefix + "unix:" + s.opts.Path + suffix
	}
	host, port := s.hostPort()
	name := prefix + "tcp:" + net.JoinHostPort(host, port) + suffix
	if peer := s.peer.Load(); s.Connected() && peer != nil {
		name += " <-> " + *peer
	}
	return name
}

// hostPort is the address actually in use.
func (s *Socket) hostPort() (host, port string) {
	if s.ln != nil {
		if a, ok := s.ln.Addr().(*net.TCPAddr); ok {
			return a.IP.String(), strconv.Itoa(a.Port)
		}
	}
	return s.opts.Host, s.opts.Port
}

// SocketAddress is the property addr, QEMU's SocketAddress.
type SocketAddress struct {
	Type string `json:"type"`
	Path string `json:"path,omitempty"`
	Host string `json:"host,omitempty"`
	Port string `json:"port,omitempty"`
	Str  string `json:"str,omitempty"`
}

// Address returns where the socket is.
func (s *Socket) Address() SocketAddress {
	switch {
	case s.opts.UseFD:
		return SocketAddress{Type: "fd", Str: strconv.Itoa(s.opts.FD)}
	case s.opts.Path != "":
		return SocketAddress{Type: "unix", Path: s.opts.Path}
	}
	host, port := s.hostPort()
	return SocketAddress{Type: "inet", Host: host, Port: port}
}

// Close closes the socket, removes its file, and waits until nobody is served
// by [Socket.Drain] any more.
func (s *Socket) Close() error {
	if s.cancel != nil {
		s.cancel()
	}
	var err error
	if s.ln != nil {
		err = s.ln.Close()
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
	}
	if s.conn != nil {
		s.conn.Close()
	}
	s.wg.Wait()
	return err
}
