package net

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
)

// openDatagram is the backend "dgram", checked in QEMU's order.
func (s *Stack) openDatagram(o options) (backend, error) {
	localOptions, hasLocal := o.object("local")
	remoteOptions, hasRemote := o.object("remote")
	local, remote := readAddress(localOptions), readAddress(remoteOptions)
	if hasRemote && remote.Type == "inet" {
		addr := remote.Host + ":" + remote.Port
		if u, err := resolveUDP(addr); err == nil && u.IP.IsMulticast() {
			at := ""
			if hasLocal {
				at = local.Host
			}
			return s.openMulticast("mcast=", addr, at)
		}
	}
	switch {
	case !hasLocal:
		return nil, errors.New("dgram requires local= parameter")
	case !hasRemote && local.Type != "fd":
		return nil, errors.New("type=inet or type=unix requires remote parameter")
	case hasRemote && local.Type == "fd":
		return nil, errors.New("type=fd doesn't support remote parameter")
	case hasRemote && remote.Type != local.Type:
		return nil, errors.New("remote and local types must be the same")
	}
	switch local.Type {
	case "inet":
		from, to := local.Host+":"+local.Port, remote.Host+":"+remote.Port
		return s.openUnicast("udp="+from+"/"+to, from, to)
	case "unix":
		return s.openUnixDatagram(local.Path, remote.Path)
	case "fd":
		conn, fd, err := s.takeSocket(local.Str)
		if err != nil {
			return nil, err
		}
		family := "inet"
		if _, ok := conn.(*net.UnixConn); ok {
			family = "unix"
		}
		d := &datagrams{wire{stack: s}}
		d.join(conn, fmt.Sprintf("fd=%d %s", fd, family))
		return d, nil
	}
	return nil, errors.New("only support inet, unix or fd type for local=")
}

// openUnicast sends datagrams from one address to another. It takes them from
// anybody, as QEMU does.
func (s *Stack) openUnicast(text, from, to string) (backend, error) {
	local, err := resolveUDP(from)
	if err != nil {
		return nil, err
	}
	remote, err := resolveUDP(to)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp4", local)
	if err != nil {
		return nil, fmt.Errorf("can't bind ip=%s to socket: %s", local.IP, object.Strerror(err))
	}
	d := &datagrams{wire{stack: s, to: remote}}
	d.join(conn, text)
	return d, nil
}

// openMulticast joins a group; at is the address of the interface to use.
func (s *Stack) openMulticast(what, group, at string) (backend, error) {
	addr, err := resolveUDP(group)
	if err != nil {
		return nil, err
	}
	if !addr.IP.IsMulticast() {
		return nil, fmt.Errorf("specified mcastaddr %s (0x%08x) does not contain a multicast address",
			addr.IP, binary.BigEndian.Uint32(addr.IP.To4()))
	}
	conn, err := net.ListenMulticastUDP("udp4", interfaceOf(at), addr)
	if err != nil {
		return nil, fmt.Errorf("can't add socket to multicast group %s: %s", addr.IP, object.Strerror(err))
	}
	d := &datagrams{wire{stack: s, to: addr}}
	d.join(conn, what+group)
	return d, nil
}

// interfaceOf returns the interface that has an address, nil for the host's
// choice.
func interfaceOf(text string) *net.Interface {
	ip := net.ParseIP(text)
	if ip == nil {
		return nil
	}
	list, _ := net.Interfaces()
	for i := range list {
		addrs, _ := list[i].Addrs()
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
				return &list[i]
			}
		}
	}
	return nil
}

// openUnixDatagram sends datagrams between two paths.
func (s *Stack) openUnixDatagram(local, remote string) (backend, error) {
	if err := chardev.Unlink(local); err != nil {
		return nil, fmt.Errorf("failed to unlink socket %s: %s", local, object.Strerror(err))
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: local, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("can't bind unix=%s to socket: %s", local, object.Strerror(err))
	}
	d := &datagrams{wire{stack: s, to: &net.UnixAddr{Name: remote, Net: "unixgram"}}}
	d.join(unlinking{conn, local}, "udp="+local+":"+remote)
	return d, nil
}

// unlinking is a datagram socket whose path goes with it.
type unlinking struct {
	*net.UnixConn
	path string
}

func (u unlinking) Close() error {
	err := u.UnixConn.Close()
	if err == nil {
		os.Remove(u.path)
	}
	return err
}
