package chardev

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/qomd/qomd/devices/tlscreds"
)

// SocketOptions say where a socket is and who begins.
type SocketOptions struct {
	Path     string // of a unix socket; empty: TCP
	Abstract bool   // the path is in Linux' abstract name space
	Loose    bool   // the abstract name is padded with zero bytes (tight=off)
	Host     string // of TCP; empty: any address
	Port     string
	To       uint16 // the last port to try when listening; 0: only Port
	IPv4     *bool  // nil: as the host resolves
	IPv6     *bool
	FDName   string // a descriptor of a client's, or an inherited one's number
	FD       int    // an inherited descriptor, when UseFD
	UseFD    bool
	ByName   bool   // FDName says where the socket is, even if it is empty
	CID      string // of a vsock address, with Port

	Server    bool
	SaysWait  bool          // whether to wait for the first client was given
	Reconnect time.Duration // of a client: how long to wait before another try; 0: none
	// SaysReconnect tells that Reconnect was given, even as 0.
	SaysReconnect bool

	TLSCreds, TLSAuthz        string // ids of objects; empty: none
	Telnet, TN3270, WebSocket bool

	creds *tlscreds.Creds // of TLSCreds, see [Set.Prepare]
}

// unixName is the path as the kernel takes it.
func (o SocketOptions) unixName() string {
	switch {
	case !o.Abstract:
		return o.Path
	case o.Loose:
		return "@" + o.Path + strings.Repeat("\x00", max(0, maxUnixPath-1-len(o.Path)))
	}
	return "@" + o.Path
}

// maxUnixPath is the size of sun_path, unix(7).
const maxUnixPath = 108

// network chooses the family of a TCP address.
func (o SocketOptions) network() string {
	v4, v6 := o.IPv4 != nil && *o.IPv4, o.IPv6 != nil && *o.IPv6
	switch {
	case v4 && !v6, o.Host == "" && !v6, o.IPv6 != nil && !v6 && o.IPv4 == nil:
		return "tcp4"
	case v6 && !v4:
		return "tcp6"
	}
	return "tcp"
}

// family refuses an address that could be of no kind.
func (o SocketOptions) family() error {
	if o.IPv4 != nil && o.IPv6 != nil && !*o.IPv4 && !*o.IPv6 {
		return errors.New("Cannot disable IPv4 and IPv6 at same time")
	}
	return nil
}

// Check refuses options that do not go together, in QEMU's order, and what is
// missing here.
func (o SocketOptions) Check() error {
	incompatible := func(option, kind string) error {
		return fmt.Errorf("'%s' option is incompatible with '%s' address type", option, kind)
	}
	switch {
	case o.fd() && o.Reconnect > 0:
		return incompatible("reconnect-ms", "fd")
	case o.fd() && o.TLSCreds != "" && !o.Server:
		return errors.New("'tls_creds' option is incompatible with 'fd' address type as client")
	case o.Path != "" && o.TLSCreds != "":
		return incompatible("tls_creds", "unix")
	case o.CID != "" && o.TLSCreds != "":
		return incompatible("tls_creds", "vsock")
	case o.TLSCreds == "" && o.TLSAuthz != "":
		return errors.New("'tls_authz' option requires 'tls_creds' option")
	case o.Server && (o.Reconnect > 0 || o.SaysReconnect):
		return errors.New("'reconnect-ms' option is incompatible with socket in server listen mode")
	case o.WebSocket && !o.Server:
		return errors.New("Websocket client is not implemented")
	case !o.Server && o.SaysWait:
		return errors.New("'wait' option is incompatible with socket in client connect mode")
	case len(o.Path) >= maxUnixPath:
		return fmt.Errorf("UNIX socket path '%s' is too long", o.Path)
	case o.TN3270:
		return errors.New("tn3270 is not supported by qomd")
	case o.CID != "":
		return errors.New("vsock is not supported by qomd")
	}
	return nil
}

// resolution is the error of a host or port that does not resolve, in the words
// of getaddrinfo.
func resolution(host, port string, err error) error {
	text := "Name or service not known"
	if _, bad := net.LookupPort("tcp", port); bad != nil {
		text = "Servname not supported for ai_socktype"
	}
	var dns *net.DNSError
	var addr *net.AddrError
	if errors.As(err, &addr) && net.ParseIP(host) != nil {
		text = "Address family for hostname not supported"
	}
	if errors.As(err, &dns) && dns.IsTemporary {
		text = "Temporary failure in name resolution"
	}
	return fmt.Errorf("address resolution failed for %s:%s: %s", host, port, text)
}

func unresolved(err error) bool {
	var dns *net.DNSError
	var addr *net.AddrError
	return errors.As(err, &dns) || errors.As(err, &addr)
}

// Address returns where the socket is, for the property addr.
func (s *Socket) Address() SocketAddress {
	switch {
	case s.opts.fd():
		return SocketAddress{Type: "fd", Str: s.opts.fdText()}
	case s.opts.Path != "":
		a := SocketAddress{Type: "unix", Path: s.opts.Path}
		if s.opts.Abstract {
			yes, tight := true, !s.opts.Loose
			a.Abstract, a.Tight = &yes, &tight
		}
		return a
	}
	host, port := s.hostPort()
	return SocketAddress{Type: "inet", Host: host, Port: port}
}

func (o SocketOptions) fd() bool { return o.UseFD || o.ByName }

func (o SocketOptions) fdText() string {
	if o.ByName {
		return o.FDName
	}
	return strconv.Itoa(o.FD)
}

// found notes where a socket listens that came as a descriptor; from then on it
// is told as if the address had been given.
func (o *SocketOptions) found(at net.Addr) {
	o.UseFD, o.ByName = false, false
	switch at := at.(type) {
	case *net.TCPAddr:
		o.Host, o.Port = at.IP.String(), strconv.Itoa(at.Port)
	case *net.UnixAddr:
		o.Path, o.Abstract = strings.CutPrefix(at.Name, "@")
	}
}

// Filename describes the socket as query-chardev does.
func (s *Socket) Filename() string {
	connected := s.Connected()
	prefix, suffix := "disconnected:", ""
	if connected {
		prefix = ""
	}
	if s.opts.Server {
		suffix = ",server=on"
	}
	switch {
	case s.opts.fd() && !connected:
		return prefix + "fd:" + s.opts.fdText() + suffix
	case s.opts.fd() && !s.inet, s.opts.Path != "" && connected && s.nameless():
		return "unix:" + suffix
	case s.opts.Path != "":
		name := prefix + "unix:" + s.opts.Path
		if s.opts.Abstract {
			name += ",abstract=on"
			if !s.opts.Loose {
				name += ",tight=on"
			}
		}
		return name + suffix
	}
	if peers := s.peers.Load(); connected && peers != nil {
		return s.opts.protocol() + peers.local + suffix + " <-> " + peers.remote
	}
	host, port := s.hostPort()
	return prefix + s.opts.protocol() + host + ":" + port + suffix
}

// protocol is what the description of a TCP socket begins with.
func (o SocketOptions) protocol() string {
	switch {
	case o.Telnet:
		return "telnet:"
	case o.WebSocket:
		return "websocket:"
	}
	return "tcp:"
}

// nameless reports whether the client came without the path of this socket.
func (s *Socket) nameless() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.adopted
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
