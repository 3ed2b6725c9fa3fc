package net

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// user is QEMU's built-in network, without one: it checks options and holds the
// host's ports.
type user struct {
	network    netip.Addr
	guest      netip.Addr // the first address that a guest would get
	restricted bool
	forwards   []*forward // the oldest first
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
	for _, f := range u.forwards {
		f.held.Close()
	}
	u.forwards = nil
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
	prefix, err := addressRange(o)
	if err != nil {
		return nil, err
	}
	network := prefix.Masked().Addr()
	at := map[string]netip.Addr{"host": after(network, 2), "dns": after(network, 3), "dhcpstart": after(network, 15)}
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
		at[a.option] = addr
	}
	switch {
	case at["dns"] == at["host"]:
		return nil, errors.New("DNS must be different from host")
	case at["dhcpstart"] == at["host"] || at["dhcpstart"] == at["dns"]:
		return nil, errors.New("DHCP must be different from host and DNS")
	}
	if o.text("smb") != "" {
		return nil, errors.New("Could not find '/usr/sbin/smbd', please install it")
	}
	u := &user{network: network, guest: at["dhcpstart"], restricted: o.flag("restrict", false)}
	for _, rule := range slices.Backward(o.strings("hostfwd")) { // QEMU's list is built from its end
		if err := u.forward(rule); err != nil {
			u.close()
			return nil, err
		}
	}
	return u, nil
}

// addressRange reads net=ADDR[/MASK] and its old name ip.
func addressRange(o options) (netip.Prefix, error) {
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

// after returns the address n after one.
func after(a netip.Addr, n int) netip.Addr {
	for range n {
		a = a.Next()
	}
	return a
}
