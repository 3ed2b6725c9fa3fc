package net

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
)

// socket is the backend "socket" with listen= or connect=, the forerunner of
// "stream": it has no events.
type socket struct {
	wire
	ln     net.Listener
	target chardev.SocketOptions
	ctx    context.Context
	cancel context.CancelFunc
}

// openSocket checks in QEMU's order.
func (s *Stack) openSocket(o options) (backend, error) {
	given := 0
	for _, name := range []string{"listen", "connect", "mcast", "udp"} {
		if o.has(name) {
			given++
		}
	}
	switch {
	case given > 1 || given == 0 && !o.has("fd"):
		return nil, errors.New("exactly one of listen=, connect=, mcast= or udp= is required")
	case o.has("localaddr") && !o.has("mcast") && !o.has("udp"):
		return nil, errors.New("localaddr= is only valid with mcast= or udp=")
	case o.has("fd"):
		return s.socketOfFD(o.text("fd"))
	case o.has("mcast"):
		return s.openMulticast("socket: mcast=", o.text("mcast"), o.text("localaddr"))
	case o.has("udp"):
		if !o.has("localaddr") {
			return nil, errors.New("localaddr= is mandatory with udp=")
		}
		return s.openUnicast("socket: udp="+o.text("udp"), o.text("localaddr"), o.text("udp"))
	}
	b := &socket{wire: wire{stack: s, framed: true}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	text := o.text("listen")
	if o.has("connect") {
		text = o.text("connect")
	}
	addr, err := resolveTCP(text)
	if err != nil {
		return nil, err
	}
	if o.has("connect") {
		b.target = chardev.SocketOptions{Host: addr.IP.String(), Port: strconv.Itoa(addr.Port)}
		return b, nil
	}
	if b.ln, err = net.ListenTCP("tcp4", addr); err != nil {
		return nil, fmt.Errorf("can't bind ip=%s to socket: %s", addr.IP, object.Strerror(err))
	}
	return b, nil
}

// resolveTCP reads HOST:PORT; an empty host is every address.
func resolveTCP(text string) (*net.TCPAddr, error) {
	host, port, err := splitAddress(text)
	if err != nil {
		return nil, err
	}
	ip, err := resolveIP(host)
	if err != nil {
		return nil, err
	}
	return &net.TCPAddr{IP: ip, Port: port}, nil
}

func resolveUDP(text string) (*net.UDPAddr, error) {
	a, err := resolveTCP(text)
	if err != nil {
		return nil, err
	}
	return &net.UDPAddr{IP: a.IP, Port: a.Port}, nil
}

func splitAddress(text string) (host string, port int, err error) {
	host, number, ok := hostPort(text)
	if !ok {
		return "", 0, fmt.Errorf("host address '%s' doesn't contain ':' separating host from port", text)
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("port number '%s' is invalid", number)
	}
	return host, int(n), nil
}

func resolveIP(host string) (net.IP, error) {
	if host == "" {
		return net.IPv4zero, nil
	}
	if ip := net.ParseIP(host).To4(); ip != nil {
		return ip, nil
	}
	a, err := net.ResolveIPAddr("ip4", host)
	if err != nil {
		return nil, fmt.Errorf("can't resolve host address '%s'", host)
	}
	return a.IP.To4(), nil
}

func (b *socket) close() {
	b.cancel()
	if b.ln != nil {
		b.ln.Close()
	}
	b.wire.close()
}

// run makes the connection, or one after the other where it listens.
func (b *socket) run(c *Client) {
	if b.ln == nil {
		conn, err := chardev.Dial(b.ctx, b.target)
		if err == nil && b.join(conn, "socket: connect to "+conn.RemoteAddr().String()) {
			b.receive(c)
			b.part("")
		}
		return
	}
	for {
		conn, err := b.ln.Accept()
		if err != nil {
			return
		}
		if b.join(conn, "socket: connection from "+conn.RemoteAddr().String()) {
			b.receive(c)
			b.part("")
		}
	}
}

// datagrams is a backend on a socket that is there from the beginning.
type datagrams struct{ wire }

func (d *datagrams) run(c *Client) { d.receive(c) }

// socketOfFD is the backend "socket" with fd=.
func (s *Stack) socketOfFD(name string) (backend, error) {
	conn, fd, err := s.takeSocket(name)
	if err != nil {
		return nil, err
	}
	_, packets := conn.(net.PacketConn)
	if u, ok := conn.(*net.UnixConn); ok {
		packets = u.LocalAddr() != nil && u.LocalAddr().Network() == "unixgram"
	}
	d := &datagrams{wire{stack: s, framed: !packets}}
	d.join(conn, fmt.Sprintf("socket: fd=%d", fd))
	return d, nil
}
