package net

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/chardev"
)

// passing reports whether an error of a datagram socket tells of one datagram
// only: somebody does not listen yet.
func passing(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// stream is the backend "stream": a socket with a connection, made or accepted,
// one after the other.
type stream struct {
	wire
	addr      address
	server    bool
	reconnect time.Duration
	ln        net.Listener
	ctx       context.Context
	cancel    context.CancelFunc
}

// address says where the peer of a stream is, or where it is waited for.
type address struct{ chardev.SocketAddress }

func readAddress(o options) address {
	a := address{chardev.SocketAddress{
		Type: o.text("type"), Host: o.text("host"), Port: o.text("port"), Path: o.text("path"), Str: o.text("str"),
	}}
	for _, f := range []struct {
		name string
		into **bool
	}{{"abstract", &a.Abstract}, {"tight", &a.Tight}, {"ipv4", &a.IPv4}, {"ipv6", &a.IPv6}} {
		if o.has(f.name) {
			v := o.flag(f.name, false)
			*f.into = &v
		}
	}
	return a
}

// remote describes who is connected.
func (a address) remote(conn net.Conn) address {
	t, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return address{chardev.SocketAddress{Type: a.Type, Path: a.Path, Str: a.Str}}
	}
	yes := true
	r := address{chardev.SocketAddress{Type: "inet", Host: t.IP.String(), Port: strconv.Itoa(t.Port)}}
	if t.IP.To4() != nil {
		r.IPv4 = &yes
	} else {
		r.IPv6 = &yes
	}
	return r
}

func (a address) uri() string {
	switch a.Type {
	case "unix":
		return "unix:" + a.Path
	case "fd":
		return "fd:" + a.Str
	}
	return "tcp:" + a.Host + ":" + a.Port
}

// local reports whether an address can be used without asking a resolver.
func (a address) local() bool {
	return a.Type == "unix" || a.Host == "" || net.ParseIP(a.Host) != nil
}

func (s *Stack) openStream(o options) (backend, error) {
	addr, _ := o.object("addr")
	st := &stream{
		wire: wire{stack: s, framed: true, text: "initializing"}, addr: readAddress(addr), server: o.flag("server", false),
		reconnect: time.Duration(o.integer("reconnect-ms")) * time.Millisecond,
	}
	if st.server && st.reconnect > 0 {
		return nil, errors.New("'reconnect-ms' option is incompatible with socket in server mode")
	}
	st.ctx, st.cancel = context.WithCancel(context.Background())
	if st.server && st.addr.Type != "fd" && st.addr.local() {
		st.listen()
	}
	if !st.server {
		st.text = "connecting"
	}
	return st, nil
}

// listen begins to listen, or notes why it cannot: nobody is told otherwise.
func (st *stream) listen() {
	ln, err := chardev.Listen(st.addr.Options())
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case err != nil:
		st.text = "error: " + err.Error()
	case st.closed:
		ln.Close()
	default:
		st.ln, st.text = ln, "listening"
	}
}

func (st *stream) close() {
	st.cancel()
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ln != nil {
		st.ln.Close() // first, or the client that is cut off next might come back
	}
	st.closeLocked()
}

// run makes connections until the backend is closed.
func (st *stream) run(c *Client) {
	if st.addr.Type == "fd" {
		st.inherit(c)
		return
	}
	if st.server {
		if st.ln == nil && !strings.HasPrefix(st.info(), "error") {
			st.listen()
		}
		for st.ln != nil && !st.isClosed() {
			conn, err := st.ln.Accept()
			if err != nil {
				return
			}
			st.serve(c, conn, "listening")
		}
		return
	}
	for !st.isClosed() {
		conn, err := chardev.Dial(st.ctx, st.addr.Options())
		if err == nil {
			left := ""
			if st.reconnect > 0 {
				left = "connecting"
			}
			st.serve(c, conn, left)
		} else if st.reconnect == 0 {
			st.say("error: " + err.Error())
		}
		if st.reconnect == 0 {
			return
		}
		t := time.NewTimer(st.reconnect)
		select {
		case <-st.ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// inherit uses a descriptor that the process was started with.
func (st *stream) inherit(c *Client) {
	if _, err := strconv.Atoi(st.addr.Str); err != nil {
		st.say("error: Unable to parse FD number " + st.addr.Str)
		return
	}
	conn, _, err := st.stack.takeSocket(st.addr.Str)
	if err != nil {
		st.say("error: " + err.Error())
		return
	}
	st.serve(c, conn, "")
}

// connected is the data of NETDEV_STREAM_CONNECTED.
type connected struct {
	ID   string  `json:"netdev-id"`
	Addr address `json:"addr"`
}

// disconnected is the data of NETDEV_STREAM_DISCONNECTED.
type disconnected struct {
	ID string `json:"netdev-id"`
}

// serve passes frames over a connection until it ends.
func (st *stream) serve(c *Client, conn net.Conn, left string) {
	remote := st.addr.remote(conn)
	if !st.join(conn, remote.uri()) {
		return
	}
	st.stack.Do(func() { st.stack.Emit("NETDEV_STREAM_CONNECTED", connected{c.id, remote}) })
	st.receive(c)
	st.part(left)
	if !st.isClosed() {
		st.stack.Do(func() { st.stack.Emit("NETDEV_STREAM_DISCONNECTED", disconnected{c.id}) })
	}
}

// takeSocket takes a descriptor of a client, which must be a connected socket.
func (s *Stack) takeSocket(name string) (conn net.Conn, fd int, err error) {
	if s.FDs == nil {
		return nil, -1, errors.New("File descriptor named '" + name + "' has not been found")
	}
	noSocket := errors.New("can't get socket option SO_TYPE")
	f, err := s.FDs.Take(name)
	if _, notNumber := strconv.Atoi(name); err != nil && notNumber == nil {
		return nil, -1, noSocket // as one that is not open
	}
	if err != nil {
		return nil, -1, err
	}
	defer f.Close()
	raw, err := f.SyscallConn()
	if err == nil {
		raw.Control(func(n uintptr) { fd = int(n) })
		conn, err = net.FileConn(f)
	}
	if err != nil {
		return nil, -1, noSocket
	}
	return conn, fd, nil
}
