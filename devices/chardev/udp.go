package chardev

import (
	"context"
	"errors"
	"net"

	"github.com/qomd/qomd/devices/object"
)

// UDPOptions say where datagrams go to and come from.
type UDPOptions struct {
	RemoteHost, RemotePort string
	LocalHost, LocalPort   string // empty: any
	// NotInet is set when the address is not one of the Internet.
	NotInet bool
}

// UDP is the backend "udp": what is written becomes datagrams.
type UDP struct{ conn *net.UDPConn }

func openUDP(o UDPOptions) (Backend, error) {
	if o.NotInet {
		return nil, errors.New("socket type unsupported for datagram")
	}
	if o.RemotePort == "" {
		return nil, errors.New("remote port not specified")
	}
	host := o.RemoteHost
	if host == "" {
		host = "localhost"
	}
	remote, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, o.RemotePort))
	if err != nil {
		return nil, resolution(host, o.RemotePort, err)
	}
	var local *net.UDPAddr
	if o.LocalHost != "" || o.LocalPort != "" {
		port := o.LocalPort
		if port == "" {
			port = "0"
		}
		if local, err = net.ResolveUDPAddr("udp", net.JoinHostPort(o.LocalHost, port)); err != nil {
			return nil, resolution(o.LocalHost, port, err)
		}
	}
	conn, err := net.DialUDP("udp", local, remote)
	if err != nil {
		return nil, errors.New("Failed to bind socket: " + object.Strerror(err))
	}
	return &UDP{conn}, nil
}

// TypeName returns the QOM type.
func (u *UDP) TypeName() string { return "chardev-udp" }

// Filename describes the backend.
func (u *UDP) Filename() string { return "udp" }

// Serve implements [Line]; a socket without a connection is one for ever.
func (u *UDP) Serve(ctx context.Context, handle func(context.Context, net.Conn)) {
	handle(ctx, u.conn)
	u.conn.Close()
}

// Close closes the socket.
func (u *UDP) Close() error {
	if err := u.conn.Close(); !isClosed(err) {
		return err
	}
	return nil
}
