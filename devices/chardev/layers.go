package chardev

import (
	"context"
	"net"
)

// layer begins a protocol on a connection and returns what goes through it. It
// must not have the machine's lock.
type layer func(context.Context, net.Conn) (net.Conn, error)

// layers returns the protocols that a socket speaks below the data, the lowest
// first.
func (s *Set) layers(o SocketOptions) []layer {
	var list []layer
	if o.creds != nil {
		list = append(list, s.secure(o))
	}
	if o.WebSocket {
		list = append(list, WebSocket)
	}
	if o.Telnet {
		list = append(list, newTelnet)
	}
	return list
}
