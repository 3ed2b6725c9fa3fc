package migration

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/chardev"
)

// Transport is how a stream travels.
type Transport string

// The transports.
const (
	Unix Transport = "unix"
	TCP  Transport = "tcp"
	Exec Transport = "exec"
	File Transport = "file"
	FD   Transport = "fd"
)

// Address says where a stream goes or comes from.
type Address struct {
	Transport Transport
	Socket    chardev.SocketOptions // of Unix and TCP
	Args      []string              // of Exec: the program and its arguments
	Path      string                // of File
	Offset    uint64                // of File, in bytes
	Name      string                // of FD
}

// errUnsupported are transports that QEMU has and this program has not.
func errUnsupported(name string) error {
	return fmt.Errorf("%s migration is not supported by qomd", name)
}

// ParseURI reads "unix:PATH", "tcp:HOST:PORT", "exec:COMMAND", "fd:NAME" and
// "file:PATH[,offset=N]". The errors are QEMU's.
func ParseURI(uri string) (Address, error) {
	kind, rest, _ := strings.Cut(uri, ":")
	if !strings.Contains(uri, ":") {
		kind = ""
	}
	switch kind {
	case "exec":
		return Address{Transport: Exec, Args: []string{"/bin/sh", "-c", rest}}, nil
	case "unix":
		if rest == "" {
			return Address{}, errors.New("invalid Unix socket address")
		}
		return Address{Transport: Unix, Socket: chardev.SocketOptions{Path: rest}}, nil
	case "tcp":
		return parseTCP(rest)
	case "fd":
		if rest == "" {
			return Address{}, errors.New("invalid file descriptor address")
		}
		return Address{Transport: FD, Name: rest}, nil
	case "file":
		return parseFile(rest)
	case "vsock":
		if cid, port, ok := strings.Cut(rest, ":"); !ok || cid == "" || port == "" {
			return Address{}, fmt.Errorf("error parsing address '%s'", rest)
		}
		return Address{}, errUnsupported("vsock")
	case "rdma":
		return Address{}, errUnsupported("RDMA")
	}
	return Address{}, fmt.Errorf("unknown migration protocol: %s", uri)
}

// parseTCP reads "[HOST]:PORT[,OPTION...]".
func parseTCP(text string) (Address, error) {
	address, options, more := strings.Cut(text, ",")
	host, port, ok := strings.Cut(address, ":")
	what := "address"
	if rest, bracketed := strings.CutPrefix(address, "["); bracketed {
		host, port, ok = strings.Cut(rest, "]:")
		what = "IPv6 address"
	}
	if !ok || port == "" {
		return Address{}, fmt.Errorf("error parsing %s '%s'", what, text)
	}
	o := chardev.SocketOptions{Host: host, Port: port}
	for more {
		var option string
		option, options, more = strings.Cut(options, ",")
		if err := socketOption(&o, option); err != nil {
			return Address{}, err
		}
	}
	return Address{Transport: TCP, Socket: o}, nil
}

// socketOption reads one of the options behind a TCP address.
func socketOption(o *chardev.SocketOptions, text string) error {
	name, value, given := strings.Cut(text, "=")
	on := !given || value == "on"
	switch name {
	case "ipv4", "ipv6", "keep-alive", "mptcp":
		if !on && value != "off" {
			return fmt.Errorf("Parameter '%s' expects 'on' or 'off'", name)
		}
	}
	switch name {
	case "to":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return fmt.Errorf("error parsing to= argument")
		}
		o.To = uint16(n)
	case "ipv4":
		o.IPv4 = &on
	case "ipv6":
		o.IPv6 = &on
	case "keep-alive", "mptcp":
	default:
		return fmt.Errorf("Invalid parameter '%s'", name)
	}
	return nil
}

// parseFile reads "PATH[,offset=N]".
func parseFile(text string) (Address, error) {
	const option = ",offset="
	a := Address{Transport: File, Path: text}
	i := strings.Index(text, option)
	if i < 0 {
		return a, nil
	}
	a.Path = text[:i]
	var err error
	if a.Offset, err = parseSize(text[i+len(option):]); err != nil {
		return a, fmt.Errorf("file URI has bad offset %s: Invalid argument", text[i+len(option):])
	}
	return a, nil
}

// parseSize reads a number of bytes, with QEMU's suffixes.
func parseSize(text string) (uint64, error) {
	shift := 0
	if n := len(text); n > 0 {
		if i := strings.IndexByte("bkmgtpe", text[n-1]|0x20); i >= 0 && text[n-1] > '9' {
			text, shift = text[:n-1], 10*i
		}
	}
	v, err := strconv.ParseUint(text, 0, 64)
	if err == nil && v > math.MaxUint64>>shift {
		err = strconv.ErrRange
	}
	return v << shift, err
}

// Channel is one of the channels that migrate takes in place of an URI; QEMU's
// MigrationChannel.
type Channel struct {
	Type    string         `json:"channel-type"`
	Address ChannelAddress `json:"addr"`
}

// ChannelAddress is QEMU's MigrationAddress, a union by transport and type.
type ChannelAddress struct {
	Transport string `json:"transport"`
	chardev.SocketAddress
	Args     []string `json:"args"`
	Filename string   `json:"filename"`
	Offset   uint64   `json:"offset"`
}

var errNowhere = errors.New("need either 'uri' or 'channels' argument")

// Where reads what migrate and migrate-incoming were given: an URI or a list of
// channels.
func Where(uri *string, channels []Channel) (Address, error) {
	switch {
	case uri != nil && len(channels) > 0:
		return Address{}, errNowhere // as QEMU words it for both, too
	case uri != nil:
		return ParseURI(*uri)
	}
	var main *Channel
	for i := range channels {
		switch c := &channels[i]; {
		case c.Type != "main":
			return Address{}, fmt.Errorf("channels of type %s are not supported by qomd", c.Type)
		case main != nil:
			return Address{}, errors.New("Channel list has more than one main entry")
		default:
			main = c
		}
	}
	if main == nil {
		return Address{}, errNowhere
	}
	return main.Address.resolve()
}

func (a ChannelAddress) resolve() (Address, error) {
	switch a.Transport {
	case "exec":
		return Address{Transport: Exec, Args: a.Args}, nil
	case "file":
		return Address{Transport: File, Path: a.Filename, Offset: a.Offset}, nil
	case "rdma":
		return Address{}, errUnsupported("RDMA")
	}
	switch a.Type {
	case "unix":
		return Address{Transport: Unix, Socket: a.Options()}, nil
	case "inet":
		return Address{Transport: TCP, Socket: a.Options()}, nil
	case "fd":
		return Address{Transport: FD, Name: a.Str}, nil
	}
	return Address{}, errUnsupported(a.Type)
}
