package chardev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/object"
)

// Socket is the backend "socket". It serves one client at a time: another may
// connect, but waits until the first is gone.
type Socket struct {
	opts   SocketOptions
	layers []layer      // what is spoken below the data
	ln     net.Listener // of a server
	inet   bool         // what was inherited is a TCP socket

	mu      sync.Mutex
	first   net.Conn // connected without having been accepted, by Serve
	current net.Conn // being served
	adopted bool     // the client came by adopt
	closed  bool

	connected atomic.Bool
	peers     atomic.Pointer[peers]
}

// peers are the ends of a connected TCP socket.
type peers struct{ local, remote string }

// dialTime is how long connecting may take.
const dialTime = 3 * time.Second

// OpenSocket listens or connects. Clients that connect before [Socket.Serve]
// wait. A client that reconnects begins there as well.
func OpenSocket(o SocketOptions) (*Socket, error) {
	return new(Set).openSocket(context.Background(), o)
}

func (s *Set) openSocket(ctx context.Context, o SocketOptions) (*Socket, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	b := &Socket{opts: o, layers: s.layers(o)}
	var err error
	switch {
	case o.fd():
		err = s.inherit(b)
	case o.Server:
		b.ln, err = Listen(o)
	case o.Reconnect == 0:
		b.first, err = Dial(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	if b.first != nil && len(b.layers) == 0 {
		b.meet(b.first)
	}
	return b, nil
}

// meet notes who is connected.
func (s *Socket) meet(conn net.Conn) {
	if local, remote := conn.LocalAddr(), conn.RemoteAddr(); local != nil && remote != nil {
		s.peers.Store(&peers{local.String(), remote.String()})
	}
	s.connected.Store(true)
}

// inherit takes over a descriptor: that of a server, or a connected one.
func (s *Set) inherit(b *Socket) error {
	f, err := s.takeFD(b.opts)
	if err != nil {
		return err
	}
	defer f.Close()
	if b.opts.Server {
		if b.ln, err = listenFD(f, b.opts.fdText()); err == nil {
			b.opts.found(b.ln.Addr())
		}
		return err
	}
	if b.first, err = net.FileConn(f); err != nil {
		return notSocket(b.opts.fdText())
	}
	_, b.inet = b.first.(*net.TCPConn)
	return nil
}

func notSocket(name string) error { return fmt.Errorf("File descriptor '%s' is not a socket", name) }

// takeFD takes the descriptor that options name.
func (s *Set) takeFD(o SocketOptions) (*os.File, error) {
	if o.UseFD {
		if f := os.NewFile(uintptr(o.FD), "socket"); f != nil {
			return f, nil
		}
	} else if s.FDs != nil {
		return s.FDs.Take(o.fdText())
	}
	return nil, fmt.Errorf("File descriptor named '%s' has not been found", o.fdText())
}

// listenFD listens on a descriptor, which stays the caller's.
func listenFD(f *os.File, name string) (net.Listener, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, notSocket(name)
	}
	var refused error
	raw.Control(func(fd uintptr) {
		if _, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE); err == nil {
			refused = syscall.Listen(int(fd), 1)
		}
	})
	if err == nil && refused != nil {
		return nil, fmt.Errorf("Failed to listen on fd socket: %s", object.Strerror(refused))
	}
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, notSocket(name)
	}
	if ln, ok := ln.(*net.UnixListener); ok {
		ln.SetUnlinkOnClose(true) // as QEMU, although it did not bind it
	}
	return ln, nil
}

// Listen is [Listen] that knows the descriptors of clients as well.
func (s *Set) Listen(o SocketOptions) (net.Listener, error) {
	if !o.fd() {
		return Listen(o)
	}
	f, err := s.takeFD(o)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return listenFD(f, o.fdText())
}

// Listen opens the socket of a server, as every listening backend does. The
// errors are QEMU's.
func Listen(o SocketOptions) (net.Listener, error) {
	if o.Path != "" {
		if !o.Abstract {
			if err := Unlink(o.Path); err != nil {
				return nil, fmt.Errorf("Failed to unlink socket %s: %s", o.Path, object.Strerror(err))
			}
		}
		ln, err := net.Listen("unix", o.unixName())
		if err != nil {
			return nil, fmt.Errorf("Failed to bind socket to %s: %s", o.Path, object.Strerror(err))
		}
		return ln, nil
	}
	if err := o.family(); err != nil {
		return nil, err
	}
	port, err := net.LookupPort("tcp", o.Port)
	if err != nil {
		return nil, resolution(o.Host, o.Port, err)
	}
	for {
		ln, err := net.Listen(o.network(), net.JoinHostPort(o.Host, strconv.Itoa(port)))
		switch {
		case err == nil:
			return ln, nil
		case unresolved(err):
			return nil, resolution(o.Host, o.Port, err)
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("Failed to bind socket: %s", object.Strerror(err))
		case port >= int(o.To):
			return nil, fmt.Errorf("Failed to find an available port: %s", object.Strerror(err))
		}
		port++
	}
}

// Unlink makes room for a socket, as QEMU does: whatever has its name goes, be it
// a socket that was left behind or another file.
func Unlink(path string) error {
	if err := syscall.Unlink(path); err != syscall.ENOENT {
		return err
	}
	return nil
}

// Dial connects, for as long as ctx and a limit of its own allow. The errors are
// QEMU's.
func Dial(ctx context.Context, o SocketOptions) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime}
	if o.Path != "" {
		conn, err := d.DialContext(ctx, "unix", o.unixName())
		for limit := time.Now().Add(dialTime); errors.Is(err, syscall.EAGAIN) && time.Now().Before(limit) && ctx.Err() == nil; {
			pause(ctx, 10*time.Millisecond) // until the server accepts others
			conn, err = d.DialContext(ctx, "unix", o.unixName())
		}
		if err != nil {
			return nil, fmt.Errorf("Failed to connect to '%s': %s", o.Path, object.Strerror(err))
		}
		return conn, nil
	}
	if err := o.family(); err != nil {
		return nil, err
	}
	conn, err := d.DialContext(ctx, o.network(), net.JoinHostPort(o.Host, o.Port))
	switch {
	case err == nil:
		return conn, nil
	case unresolved(err):
		return nil, resolution(o.Host, o.Port, err)
	case os.IsTimeout(err):
		err = syscall.ETIMEDOUT
	}
	return nil, fmt.Errorf("Failed to connect to '%s:%s': %s", o.Host, o.Port, object.Strerror(err))
}

// WaitFirst blocks until the first client of a server is there, which [Socket.Serve]
// will then serve, or ctx is done.
func (s *Socket) WaitFirst(ctx context.Context) error {
	if s.ln == nil {
		return nil
	}
	defer context.AfterFunc(ctx, func() { s.ln.Close() })()
	conn, err := s.ln.Accept()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = conn
	return nil
}

// Serve gives each connection to handle, one at a time, until ctx is done, the
// socket is closed, or a client that does not reconnect is through. It closes
// the connections.
func (s *Socket) Serve(ctx context.Context, handle func(context.Context, net.Conn)) {
	if s.ln != nil {
		defer context.AfterFunc(ctx, func() { s.ln.Close() })()
	}
	if s.ln == nil {
		if conn := s.takeFirst(); conn != nil {
			s.one(ctx, conn, handle)
		}
	}
	for ctx.Err() == nil && (s.ln != nil || s.opts.Reconnect > 0) {
		conn, err := s.next(ctx)
		switch {
		case conn != nil:
			s.one(ctx, conn, handle)
		case s.ln != nil && isClosed(err), s.isClosed():
			return
		case s.ln != nil:
			pause(ctx, 50*time.Millisecond) // out of descriptors, most likely
		}
		if s.ln == nil {
			pause(ctx, s.opts.Reconnect)
		}
	}
}

// next accepts or connects, unless a client is there already.
func (s *Socket) next(ctx context.Context) (net.Conn, error) {
	if s.ln == nil {
		return Dial(ctx, s.opts)
	}
	if conn := s.takeFirst(); conn != nil {
		return conn, nil
	}
	conn, err := s.ln.Accept()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return s.takeFirst(), nil
	}
	return conn, err
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Socket) one(ctx context.Context, conn net.Conn, handle func(context.Context, net.Conn)) {
	defer conn.Close()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.current = conn
	s.mu.Unlock()
	defer func() {
		s.connected.Store(false)
		s.mu.Lock()
		s.current, s.adopted = nil, false
		s.mu.Unlock()
	}()
	for _, begin := range s.layers {
		var err error
		if conn, err = begin(ctx, conn); err != nil {
			return // as in QEMU nobody is told
		}
	}
	s.meet(conn)
	handle(ctx, conn)
}

// Cut ends the connection that is being served, if any. Any goroutine may call
// it.
func (s *Socket) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.current.(interface{ CloseRead() error }); ok {
		// Whoever has the connection lent to it closes it.
		u.CloseRead()
	}
	if s.current != nil {
		s.current.Close()
	}
}

// TypeName returns the QOM type.
func (s *Socket) TypeName() string { return "chardev-socket" }

// Listener returns the listening socket of a server, nil for a client.
func (s *Socket) Listener() net.Listener { return s.ln }

// Connected reports whether a client is being served.
func (s *Socket) Connected() bool { return s.connected.Load() }

// Close closes the socket, removes its file, and ends the connection. It does
// not wait for [Socket.Serve].
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var err error
	if s.ln != nil {
		if err = s.ln.Close(); isClosed(err) {
			err = nil
		}
	}
	for _, conn := range []net.Conn{s.first, s.current} {
		if conn != nil {
			conn.Close()
		}
	}
	return err
}
