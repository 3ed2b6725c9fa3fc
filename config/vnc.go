package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/vnc"
)

// VNC is a VNC server.
type VNC struct {
	ID     string
	Listen bool         // false: it waits for display-update to say where
	At     vnc.Address  // where it listens, or whom it calls
	Web    *vnc.Address // where it listens for WebSockets; nil: nowhere
	// Reverse has the server connect to a client that listens.
	Reverse bool

	Password    bool
	Secret      string // the object that has the password; empty: none
	TLSCreds    string // the object with the credentials; empty: no TLS
	TLSAuthz    string // the object that says who may come in; empty: anybody
	Sharing     vnc.Sharing
	Connections int
	Device      string // the display adapter whose screen it is; empty: the first
	Origin      Origin
}

// The first TCP ports: those of display 0, plain and in WebSockets.
const (
	firstVNCPort    = 5900
	firstVNCWebPort = 5700
	lastPort        = 65535
)

func (b *builder) vnc(a argument) error {
	o, err := b.add("vnc", a)
	if err == nil && isHelp(o.text("vnc")) {
		return &HelpRequest{Option: a.name, Group: "vnc", Failed: true}
	}
	return err
}

// finishVNC makes the servers that -vnc describes.
func (b *builder) finishVNC() error {
	for i, o := range b.groups["vnc"].list {
		v := VNC{ID: o.id, Origin: o.origin, Device: o.text("display"), Reverse: o.flag("reverse", false)}
		switch {
		case v.ID == "" && i == 0:
			v.ID = "default"
		case v.ID == "":
			v.ID = fmt.Sprintf("vnc%d", i+1)
		}
		if err := v.where(o); err != nil {
			return at(o.origin, err)
		}
		if err := v.who(o); err != nil {
			return at(o.origin, err)
		}
		if id, ok := o.get("audiodev"); ok && !b.hasAudiodev(id) {
			return at(o.origin, fmt.Errorf("audiodev '%s' not found", id))
		}
		b.m.VNC = append(b.m.VNC, v)
	}
	return nil
}

// where reads the addresses: "none", "unix:PATH", "[HOST]:DISPLAY", or, of a
// server that calls, "HOST:PORT".
func (v *VNC) where(o *opts) error {
	text, given := o.get("vnc")
	display := 0
	switch path, unix := strings.CutPrefix(text, "unix:"); {
	case text == "none", !given:
		return nil
	case unix:
		v.At.Path = path
		if _, ok := o.get("to"); ok {
			return errors.New("Port range not support with UNIX socket")
		}
	default:
		var err error
		if display, err = v.tcp(text); err != nil {
			return err
		}
	}
	v.Listen = !v.Reverse
	for _, f := range []struct {
		name string
		into **bool
	}{{"ipv4", &v.At.IPv4}, {"ipv6", &v.At.IPv6}} {
		if _, ok := o.get(f.name); ok {
			on := o.flag(f.name, false)
			*f.into = &on
		}
	}
	if s, ok := o.get("to"); ok {
		n, _ := parseNumber("to", s) // was checked when it was read
		v.At.To = firstVNCPort + int(min(n, lastPort-firstVNCPort))
	}
	return v.web(o.text("websocket"), display)
}

// tcp reads "[HOST]:DISPLAY", or "HOST:PORT" of a server that calls, and returns
// the display.
func (v *VNC) tcp(text string) (display int, err error) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 {
		return 0, errors.New("no vnc port specified")
	}
	v.At.Host = strings.TrimSuffix(strings.TrimPrefix(text[:colon], "["), "]")
	first := firstVNCPort
	if v.Reverse {
		first = 0
	}
	n, err := strconv.ParseUint(text[colon+1:], 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("can't convert to a number: %s", text[colon+1:])
	case n > uint64(lastPort-first):
		return 0, fmt.Errorf("port %s out of range", text[colon+1:])
	}
	v.At.Port = first + int(n)
	return int(n), nil
}

// web reads where WebSockets are served: "on" for the port of the display, or a
// port.
func (v *VNC) web(text string, display int) error {
	if text == "" || text == "off" {
		return nil
	}
	a := v.At
	a.Path, a.Port, a.To = "", firstVNCWebPort+display, 0
	if text != "on" {
		port, err := net.LookupPort("tcp", text)
		if err != nil {
			return fmt.Errorf("address resolution failed for %s:%s: Servname not supported for ai_socktype", a.Host, text)
		}
		a.Port = port
	}
	if v.At.To > 0 {
		a.To = v.At.To - firstVNCPort + firstVNCWebPort
	}
	v.Web = &a
	return nil
}

// who reads which clients are let in.
func (v *VNC) who(o *opts) error {
	v.Password, v.Secret = o.flag("password", false), o.text("password-secret")
	if v.Password && v.Secret != "" {
		return errors.New("'password' flag is redundant with 'password-secret'")
	}
	v.Password = v.Password || v.Secret != ""
	if o.flag("sasl", false) {
		return errors.New("not supported by qomd: 'sasl' of a VNC server") // it would be a lie to go on without
	}
	if _, ok := o.get("sasl-authz"); ok {
		return errors.New("'sasl-authz' provided but SASL auth is not enabled")
	}
	v.TLSCreds, v.TLSAuthz = o.text("tls-creds"), o.text("tls-authz")
	if v.TLSAuthz != "" && v.TLSCreds == "" {
		return errors.New("'tls-authz' provided but TLS is not enabled")
	}
	var err error
	if v.Sharing, err = vnc.ParseSharing(o.text("share")); err != nil {
		return err
	}
	v.Connections = defaultVNCClients
	if s, ok := o.get("connections"); ok {
		n, _ := parseNumber("connections", s)
		v.Connections = int(min(n, 1<<31-1))
	}
	return nil
}

// defaultVNCClients is how many clients QEMU lets share a screen by default.
const defaultVNCClients = 32

func (b *builder) hasAudiodev(id string) bool {
	for _, o := range b.m.Audiodevs {
		if o.ID == id {
			return true
		}
	}
	return false
}
