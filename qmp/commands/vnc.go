package commands

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/vnc"
	"github.com/qomd/qomd/qmp"
)

// vnc registers the commands about VNC servers of qapi/ui.json.
func (c *Commands) vnc() {
	qmp.Register(c.set, "query-vnc", 0, c.queryVNC)
	qmp.Register(c.set, "query-vnc-servers", 0, c.queryVNCServers)
	qmp.Register(c.set, "change-vnc-password", 0, func(_ *qmp.Call, a passwordArgs) (none, error) {
		return none{}, c.setVNCPassword("", a.Password)
	})
	qmp.Register(c.set, "display-update", 0, c.displayUpdate)
}

// vncInfo is QEMU's VncInfo, about the first server.
type vncInfo struct {
	Enabled bool           `json:"enabled"`
	Host    *string        `json:"host,omitempty"`
	Family  string         `json:"family,omitempty"`
	Service string         `json:"service,omitempty"`
	Auth    string         `json:"auth,omitempty"`
	Clients []vnc.Endpoint `json:"clients,omitzero"`
}

func (c *Commands) queryVNC(*qmp.Call, none) (vncInfo, error) {
	s := c.vncServer("")
	if s == nil {
		return vncInfo{}, nil
	}
	e, ok := s.Endpoint()
	if !ok {
		return vncInfo{}, nil
	}
	auth := e.Auth
	if e.VeNCrypt != "" {
		auth += "+" + strings.ReplaceAll(e.VeNCrypt, "-", "+")
	}
	return vncInfo{Enabled: true, Host: &e.Host, Family: e.Family, Service: e.Service, Auth: auth, Clients: s.Clients()}, nil
}

// vncServer is QEMU's VncInfo2.
type vncServer struct {
	ID      string               `json:"id"`
	Server  []vnc.ServerEndpoint `json:"server"`
	Clients []vnc.Endpoint       `json:"clients"`
	vnc.Security
}

func (c *Commands) queryVNCServers(*qmp.Call, none) ([]vncServer, error) {
	list := []vncServer{}
	for _, s := range slices.Backward(c.m.VNC) { // the newest first, as QEMU
		list = append(list, vncServer{ID: s.ID(), Server: s.Endpoints(), Clients: s.Clients(), Security: s.Security()})
	}
	return list, nil
}

// vncServer finds a server by its id; the empty one is the first.
func (c *Commands) vncServer(id string) *vnc.Server {
	for _, s := range c.m.VNC {
		if id == "" || s.ID() == id {
			return s
		}
	}
	return nil
}

// vncError is a refusal with what QEMU adds for people, without a new line.
type vncError struct{ text, hint string }

func (e vncError) Error() string { return e.text }

// Hint is seen in the human monitor only.
func (e vncError) Hint() string { return e.hint }

var (
	errNoVNC         = vncError{"No VNC display is present", "To enable it, use '-vnc ...'"}
	errNoVNCPassword = vncError{"VNC password authentication is disabled", "To enable it, use '-vnc ...,password-secret=ID'"}
)

func (c *Commands) setVNCPassword(display, text string) error {
	s := c.vncServer(display)
	switch {
	case s == nil:
		return errNoVNC
	case !s.SetPassword(text):
		return errNoVNCPassword
	}
	return nil
}

// expiry reads when a password ends: now, never, in +N seconds, or at second N of
// the epoch. The number is read as C's strtoull does.
func expiry(text string, now time.Time) (at time.Time, ok bool) {
	switch text {
	case "now":
		return now, true
	case "never":
		return time.Time{}, true
	}
	n := strings.TrimLeft(strings.TrimPrefix(text, "+"), " \t\n\v\f\r")
	digits := strings.TrimLeft(n, "+-")
	seconds, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(n)-len(digits) > 1 {
		return time.Time{}, false
	}
	if seconds > math.MaxInt32*uint64(1000) { // far beyond what a clock can tell
		return time.Time{}, true
	}
	if strings.HasPrefix(text, "+") {
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	return time.Unix(int64(seconds), 0), true
}

type displayUpdateArgs struct {
	Type      string                   `json:"type"`
	Addresses *[]chardev.SocketAddress `json:"addresses"`
}

// displayUpdate has the first server listen elsewhere.
func (c *Commands) displayUpdate(_ *qmp.Call, a displayUpdateArgs) (none, error) {
	s := c.vncServer("")
	switch {
	case s == nil:
		return none{}, errors.New("Can not find vnc display")
	case a.Addresses == nil:
		return none{}, nil
	}
	var list []vnc.Listener
	for _, address := range *a.Addresses {
		opened, err := listenVNC(address)
		if err != nil {
			for _, l := range list {
				l.Close()
			}
			return none{}, err
		}
		for _, l := range opened {
			list = append(list, vnc.Listener{Listener: l})
		}
	}
	s.Listen(list)
	return none{}, nil
}

// listenVNC opens the sockets of an address; its port is a port, not a display.
func listenVNC(a chardev.SocketAddress) ([]net.Listener, error) {
	switch a.Type {
	case "unix":
		return vnc.Address{Path: a.Path}.Listen()
	case "inet":
		port, err := net.LookupPort("tcp", a.Port)
		if err != nil {
			return nil, fmt.Errorf("address resolution failed for %s:%s: Servname not supported for ai_socktype", a.Host, a.Port)
		}
		return vnc.Address{Host: a.Host, Port: port, To: int(a.To), IPv4: a.IPv4, IPv6: a.IPv6}.Listen()
	}
	return nil, fmt.Errorf("an address of type '%s' is not supported by qomd for a VNC server", a.Type)
}
