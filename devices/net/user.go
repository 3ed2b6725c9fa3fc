package net

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// user is QEMU's built-in network, without one: it checks options and holds the
// host's ports.
type user struct {
	network    netip.Addr
	restricted bool
	ports      []interface{ Close() error }
}

func (u *user) info() string {
	restrict := "off"
	if u.restricted {
		restrict = "on"
	}
	return fmt.Sprintf("net=%s,restrict=%s", u.network, restrict)
}

func (u *user) send([]byte) {}

func (u *user) close() {
	for _, p := range u.ports {
		p.Close()
	}
	u.ports = nil
}

func openUser(o options) (backend, error) {
	v4, v6 := o.flag("ipv4", true), o.flag("ipv6", true)
	if o.has("ipv4") && v4 && !o.has("ipv6") {
		v6 = false
	}
	if o.has("ipv6") && v6 && !o.has("ipv4") {
		v4 = false
	}
	if !v4 && !v6 {
		return nil, errors.New("IPv4 and IPv6 disabled")
	}
	prefix, err := userNetwork(o)
	if err != nil {
		return nil, err
	}
	for _, a := range []struct{ option, invalid, outside string }{
		{"host", "Failed to parse host", "Host doesn't belong to network"},
		{"dhcpstart", "Failed to parse DHCP start address", "DHCP doesn't belong to network"},
		{"dns", "Failed to parse DNS", ""},
	} {
		if !o.has(a.option) {
			continue
		}
		addr, err := netip.ParseAddr(o.text(a.option))
		switch {
		case err != nil || !addr.Is4():
			return nil, errors.New(a.invalid)
		case a.outside != "" && !prefix.Contains(addr):
			return nil, errors.New(a.outside)
		}
	}
	if o.text("smb") != "" {
		return nil, errors.New("Could not find '/usr/sbin/smbd', please install it")
	}
	u := &user{network: prefix.Masked().Addr(), restricted: o.flag("restrict", false)}
	for _, rule := range o.strings("hostfwd") {
		if err := u.forward(rule); err != nil {
			u.close()
			return nil, err
		}
	}
	return u, nil
}

// userNetwork reads net=ADDR[/MASK] and its old name ip.
func userNetwork(o options) (netip.Prefix, error) {
	text := o.text("net")
	if text == "" {
		text = o.text("ip")
	}
	if text == "" {
		return netip.MustParsePrefix("10.0.2.0/24"), nil
	}
	address, mask, hasMask := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(address)
	if err != nil || !addr.Is4() {
		return netip.Prefix{}, errors.New("Failed to parse netmask")
	}
	bits := 24
	switch first := addr.As4()[0]; {
	case first&0x80 == 0:
		bits = 8
	case first&0xc0 == 0x80:
		bits = 16
	}
	if hasMask {
		if n, err := strconv.Atoi(mask); err == nil {
			if n < 4 || n > 32 {
				return netip.Prefix{}, fmt.Errorf("Invalid netmask provided (must be in range 4-32)")
			}
			bits = n
		} else if m := net.ParseIP(mask).To4(); m != nil {
			bits, _ = net.IPMask(m).Size()
		} else {
			return netip.Prefix{}, errors.New("Failed to parse netmask")
		}
	}
	return netip.PrefixFrom(addr, bits), nil
}

// forward takes a rule [PROTO]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT and
// holds the host's port.
func (u *user) forward(rule string) error {
	bad := func(why string) error {
		return fmt.Errorf("Invalid host forwarding rule '%s' (%s)", rule, why)
	}
	proto, rest, ok := strings.Cut(rule, ":")
	if !ok {
		return bad("No : separators")
	}
	if proto == "" {
		proto = "tcp"
	}
	if proto != "tcp" && proto != "udp" {
		return bad("Bad protocol name")
	}
	host, rest, ok := strings.Cut(rest, ":")
	if !ok {
		return bad("Missing : separator")
	}
	if host != "" && net.ParseIP(host) == nil {
		return bad("Bad host address")
	}
	port, guest, ok := strings.Cut(rest, "-")
	if !ok {
		return bad("Bad host port separator")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return bad("Bad host port")
	}
	guestHost, guestPort, ok := strings.Cut(guest, ":")
	if !ok {
		return bad("Missing guest address")
	}
	if guestHost != "" && net.ParseIP(guestHost) == nil {
		return bad("Bad guest address")
	}
	if n, err := strconv.ParseUint(guestPort, 10, 16); err != nil || n == 0 {
		return bad("Bad guest port")
	}
	held, err := hold(proto, net.JoinHostPort(host, port))
	if err != nil {
		return fmt.Errorf("Could not set up host forwarding rule '%s'", rule)
	}
	u.ports = append(u.ports, held)
	return nil
}

func hold(proto, address string) (interface{ Close() error }, error) {
	if proto == "udp" {
		return net.ListenPacket("udp4", address)
	}
	return net.Listen("tcp4", address)
}
