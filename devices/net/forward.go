package net

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// forward is a port of the host that a user network holds for its guest.
type forward struct {
	proto     string // "tcp" or "udp"
	host      string // address, empty for all
	port      int
	guest     netip.Addr
	guestPort int
	held      holding
}

// holding is an open socket.
type holding interface {
	Close() error
	SyscallConn() (syscall.RawConn, error)
}

// Forward adds a rule [PROTO]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT to the
// user network of that id, to the oldest for an empty one, as hostfwd_add of the
// human monitor does.
func (s *Stack) Forward(id, rule string) error {
	u, err := s.userNetwork(id)
	if err != nil {
		return err
	}
	return u.forward(rule)
}

// StopForwarding takes a rule away by its beginning, [PROTO]:[HOSTADDR]:HOSTPORT,
// and reports whether there was one.
func (s *Stack) StopForwarding(id, rule string) (found bool, err error) {
	u, err := s.userNetwork(id)
	if err != nil {
		return false, err
	}
	proto, host, port, ok := hostSide(rule)
	if !ok {
		return false, errors.New("invalid format")
	}
	n, _ := strconv.Atoi(port)
	i := slices.IndexFunc(u.forwards, func(f *forward) bool { return f.proto == proto && f.host == host && f.port == n })
	if i < 0 {
		return false, nil
	}
	u.forwards[i].held.Close()
	u.forwards = slices.Delete(u.forwards, i, i+1)
	return true, nil
}

// hostSide takes [PROTO]:[HOSTADDR]:HOSTPORT apart.
func hostSide(rule string) (proto, host, port string, ok bool) {
	parts := strings.SplitN(rule, ":", 3)
	if len(parts) < 3 {
		return "", "", "", false
	}
	proto, host, port = parts[0], parts[1], parts[2]
	if proto == "" {
		proto = "tcp"
	}
	known := proto == "tcp" || proto == "udp"
	return proto, host, port, known && (host == "" || net.ParseIP(host) != nil)
}

func (s *Stack) userNetwork(id string) (*user, error) {
	if id == "" {
		for _, c := range s.clients {
			if u, ok := c.backend.(*user); ok {
				return u, nil
			}
		}
		return nil, errors.New("user mode network stack not in use")
	}
	c := s.find(id)
	if c == nil {
		return nil, fmt.Errorf("unrecognized netdev id '%s'", id)
	}
	u, ok := c.backend.(*user)
	if !ok {
		return nil, errors.New("invalid device specified")
	}
	return u, nil
}

// forward adds a rule and holds the host's port.
func (u *user) forward(rule string) error {
	f, err := u.parse(rule)
	if err != nil {
		return err
	}
	if f.held, f.port, err = hold(f.proto, net.JoinHostPort(f.host, strconv.Itoa(f.port))); err != nil {
		return fmt.Errorf("Could not set up host forwarding rule '%s'", rule)
	}
	u.forwards = append(u.forwards, f)
	return nil
}

// parse reads a rule, with QEMU's words for what is wrong.
func (u *user) parse(rule string) (*forward, error) {
	bad := func(why string) (*forward, error) {
		return nil, fmt.Errorf("Invalid host forwarding rule '%s' (%s)", rule, why)
	}
	f := &forward{guest: u.guest}
	proto, rest, ok := strings.Cut(rule, ":")
	if !ok {
		return bad("No : separators")
	}
	if f.proto = proto; proto == "" {
		f.proto = "tcp"
	}
	if f.proto != "tcp" && f.proto != "udp" {
		return bad("Bad protocol name")
	}
	if f.host, rest, ok = strings.Cut(rest, ":"); !ok {
		return bad("Missing : separator")
	}
	if f.host != "" && net.ParseIP(f.host) == nil {
		return bad("Bad host address")
	}
	port, guest, ok := strings.Cut(rest, "-")
	if !ok {
		return bad("Bad host port separator")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return bad("Bad host port")
	}
	f.port = int(n)
	address, port, ok := strings.Cut(guest, ":")
	if !ok {
		return bad("Missing guest address")
	}
	if address != "" {
		if f.guest, err = netip.ParseAddr(address); err != nil {
			return bad("Bad guest address")
		}
	}
	if n, err = strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return bad("Bad guest port")
	}
	f.guestPort = int(n)
	return f, nil
}

// hold opens a socket and returns it with its port.
func hold(proto, address string) (holding, int, error) {
	if proto == "udp" {
		c, err := net.ListenPacket("udp4", address)
		if err != nil {
			return nil, 0, err
		}
		return c.(*net.UDPConn), c.LocalAddr().(*net.UDPAddr).Port, nil
	}
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, 0, err
	}
	return l.(*net.TCPListener), l.Addr().(*net.TCPAddr).Port, nil
}

// DescribeUsers is the text of "info usernet": the ports that each user network
// holds, the newest first, those of TCP before those of UDP.
func (s *Stack) DescribeUsers() string {
	var b strings.Builder
	for _, c := range s.clients {
		u, ok := c.backend.(*user)
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "Hub -1 (%s):\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\n", c.id)
		for _, proto := range []string{"tcp", "udp"} {
			for _, f := range slices.Backward(u.forwards) {
				if f.proto == proto {
					b.WriteString(f.describe())
				}
			}
		}
	}
	return b.String()
}

func (f *forward) describe() string {
	fd := -1
	if raw, err := f.held.SyscallConn(); err == nil {
		raw.Control(func(n uintptr) { fd = int(n) })
	}
	host := f.host
	if host == "" {
		host = "*"
	}
	return fmt.Sprintf("  %s[HOST_FORWARD] %3d %15s %5d %15s %5d %5d %5d\n",
		strings.ToUpper(f.proto), fd, host, f.port, f.guest, f.guestPort, 0, 0)
}
