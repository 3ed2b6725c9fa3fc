package vnc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/qomd/qomd/devices/chardev"
)

// Listener is one end at which a server listens.
type Listener struct {
	net.Listener
	WebSocket bool
}

// Address says where a server listens: on a unix socket, or on all addresses of
// a host, at the first port from Port to To that is free.
type Address struct {
	Path       string
	Host       string // empty: any address
	Port, To   int    // To: the last port to try; 0: only Port
	IPv4, IPv6 *bool  // nil: as the host resolves
}

// Listen opens the sockets of an address. The errors are QEMU's.
func (a Address) Listen() ([]net.Listener, error) {
	if a.Path != "" {
		l, err := chardev.Listen(chardev.SocketOptions{Path: a.Path})
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	if a.To > 0 && a.To < a.Port {
		return nil, errors.New("Failed to create a socket") // QEMU has no port to try either
	}
	hosts, err := a.hosts()
	if err != nil {
		return nil, err
	}
	var list []net.Listener
	for _, host := range hosts {
		v4 := net.ParseIP(host).To4() != nil
		v6 := !v4
		o := chardev.SocketOptions{Host: host, Port: strconv.Itoa(a.Port), To: uint16(a.To), IPv4: &v4, IPv6: &v6}
		l, failed := chardev.Listen(o)
		if failed != nil {
			err = failed // one that works is enough
			continue
		}
		list = append(list, l)
	}
	if len(list) > 0 {
		err = nil
	}
	return list, err
}

// hosts are the addresses of the host that may be used, in the order of the
// resolver.
func (a Address) hosts() ([]string, error) {
	v4, v6 := a.uses(a.IPv4, a.IPv6), a.uses(a.IPv6, a.IPv4)
	found := []net.IPAddr{{IP: net.IPv4zero}, {IP: net.IPv6unspecified}}
	if a.Host != "" {
		var err error
		if found, err = net.DefaultResolver.LookupIPAddr(context.Background(), a.Host); err != nil {
			return nil, fmt.Errorf("address resolution failed for %s:%d: Name or service not known", a.Host, a.Port)
		}
	}
	var hosts []string
	for _, ip := range found {
		if isV4 := ip.IP.To4() != nil; isV4 && v4 || !isV4 && v6 {
			hosts = append(hosts, ip.String())
		}
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("address resolution failed for %s:%d: Address family for hostname not supported", a.Host, a.Port)
	}
	return hosts, nil
}

// uses reports whether a family is used: when it is asked for, or nothing is said
// of it and the other is not asked for.
func (Address) uses(this, other *bool) bool {
	if this != nil {
		return *this
	}
	return other == nil || !*other
}

// serve gives each connection to start until the listener is closed.
func (l Listener) serve(start func(*client)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c := newClient(conn)
		c.remote.WebSocket = l.WebSocket
		start(c)
	}
}
