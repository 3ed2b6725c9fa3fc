package net

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// forward is a port of the host that a user network holds for its guest.
type forward struct {
	proto     string // "tcp", "udp" or "unix"
	host      string // address, empty for all; the path of a unix socket
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
	if f.proto == "unix" {
		f.held, err = holdPath(f.host)
	} else {
		f.held, f.port, err = hold(f.proto, net.JoinHostPort(f.host, strconv.Itoa(f.port)))
	}
	if err != nil {
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
	var guest, wrong string
	switch f.proto {
	case "tcp", "udp":
		guest, wrong = f.hostPort(rest)
	case "unix":
		guest, wrong = f.hostPath(rest)
	default:
		wrong = "Bad protocol name"
	}
	if wrong != "" {
		return bad(wrong)
	}
	address, port, ok := strings.Cut(guest, ":")
	if !ok {
		return bad("Missing guest address")
	}
	if address != "" {
		var err error
		if f.guest, err = netip.ParseAddr(address); err != nil {
			return bad("Bad guest address")
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return bad("Bad guest port")
	}
	f.guestPort = int(n)
	return f, nil
}

// hostPort reads [HOSTADDR]:HOSTPORT-; it returns what follows, or what is wrong.
func (f *forward) hostPort(text string) (guest, wrong string) {
	var ok bool
	if f.host, text, ok = strings.Cut(text, ":"); !ok {
		return "", "Missing : separator"
	}
	if f.host != "" && net.ParseIP(f.host) == nil {
		return "", "Bad host address"
	}
	port, guest, ok := strings.Cut(text, "-")
	if !ok {
		return "", "Bad host port separator"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", "Bad host port"
	}
	f.port = int(n)
	return guest, ""
}

// hostPath reads HOSTPATH-, likewise; the path may have dashes.
func (f *forward) hostPath(text string) (guest, wrong string) {
	i := strings.LastIndexByte(text, '-')
	switch {
	case i < 0:
		return "", "Missing - separator"
	case i == 0:
		return "", "Missing unix socket path"
	case text[0] != '/':
		return "", "unix socket path must be absolute"
	}
	f.host = text[:i]
	return text[i+1:], ""
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

// holdPath opens a unix socket in place of one that somebody left. Its file stays.
func holdPath(path string) (holding, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(path)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	return l, nil
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
		for _, udp := range []bool{false, true} {
			for _, f := range slices.Backward(u.forwards) {
				if (f.proto == "udp") == udp {
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
	proto, host, port := strings.ToUpper(f.proto), f.host, f.port
	switch {
	case f.proto == "unix": // QEMU takes the path for a port and an address
		path := [6]byte{}
		copy(path[:], f.host)
		proto, port, host = "TCP", int(path[0])<<8|int(path[1]), netip.AddrFrom4([4]byte(path[2:])).String()
	case host == "":
		host = "*"
	}
	return fmt.Sprintf("  %s[HOST_FORWARD] %3d %15s %5d %15s %5d %5d %5d\n", proto, fd, host, port, f.guest, f.guestPort, 0, 0)
}
