package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// VNC is a VNC server: on a unix socket, or on the first free TCP port from Port
// to To.
type VNC struct {
	ID       string
	Path     string
	Host     string
	Port, To int
	Origin   Origin
}

// firstVNCPort is the TCP port of display 0.
const firstVNCPort = 5900

// vncUnsupported are members of -vnc that ask for something which the server
// does not have. It would be a lie to go on without it.
var vncUnsupported = []string{"password", "password-secret", "websocket", "reverse", "tls-creds", "tls-authz", "sasl", "sasl-authz", "acl"}

func (b *builder) vnc(a argument) error {
	_, err := b.add("vnc", a)
	return err
}

// finishVNC makes the servers that -vnc describes. The last word counts for
// "none".
func (b *builder) finishVNC() error {
	for i, o := range b.groups["vnc"].list {
		v := VNC{ID: o.id, Origin: o.origin}
		switch {
		case v.ID == "" && i == 0:
			v.ID = "default"
		case v.ID == "":
			v.ID = fmt.Sprintf("vnc%d", i+1)
		}
		address := o.text("vnc")
		if address == "none" {
			continue
		}
		if err := v.address(address); err != nil {
			return at(o.origin, err)
		}
		for _, name := range vncUnsupported {
			if s, ok := o.get(name); ok && s != "off" {
				return at(o.origin, fmt.Errorf("not supported by qomd: '%s' of a VNC server", name))
			}
		}
		if s, ok := o.get("to"); ok {
			n, _ := parseNumber("to", s) // was checked when it was read
			v.To = firstVNCPort + int(min(n, 65535-firstVNCPort))
		}
		if id, ok := o.get("audiodev"); ok && !b.hasAudiodev(id) {
			return at(o.origin, fmt.Errorf("audiodev '%s' not found", id))
		}
		b.m.VNC = append(b.m.VNC, v)
	}
	return nil
}

// address reads "unix:PATH" or "[HOST]:DISPLAY".
func (v *VNC) address(text string) error {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		v.Path = path
		return nil
	}
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 {
		return errors.New("no vnc port specified")
	}
	host, display := text[:colon], text[colon+1:]
	n, err := strconv.ParseUint(display, 10, 16)
	if err != nil || n > 65535-firstVNCPort {
		return fmt.Errorf("can't convert to a number: %s", display)
	}
	v.Host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	v.Port = firstVNCPort + int(n)
	return nil
}

func (b *builder) hasAudiodev(id string) bool {
	for _, o := range b.m.Audiodevs {
		if o.ID == id {
			return true
		}
	}
	return false
}
