package commands

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp"
)

// ui registers the commands of qapi/ui.json about servers of the screen. No
// machine here has one: VNC, SPICE and D-Bus are refused on the command line.
// The commands answer as a QEMU that was started without, in its order of
// checks.
func (c *Commands) ui() {
	qmp.Register(c.set, "add_client", 0, c.addClient)
	qmp.Register(c.set, "set_password", 0, setPassword)
	qmp.Register(c.set, "expire_password", 0, expirePassword)
	qmp.Register(c.set, "display-reload", 0, displayReload)
	qmp.Register(c.set, "change-vnc-password", 0, func(*qmp.Call, passwordArgs) (none, error) { return none{}, errNoVNC })
	qmp.Register(c.set, "display-update", 0, func(*qmp.Call, displayArgs) (none, error) { return none{}, errNoDisplay })
}

var (
	errNoVNC     = errors.New("No VNC display is present")
	errNoDisplay = errors.New("Can not find vnc display")
	errNoSpice   = &qmp.Error{Class: qmp.DeviceNotActive, Desc: "SPICE is not in use"}
	errNoDBus    = &qmp.Error{Class: qmp.DeviceNotActive, Desc: "D-Bus display is not in use"}
)

type passwordArgs struct {
	Protocol  string `json:"protocol"`
	Connected string `json:"connected"`
	Time      string `json:"time"`
}

func setPassword(_ *qmp.Call, a passwordArgs) (none, error) {
	switch {
	case a.Protocol == "spice":
		return none{}, errNoSpice
	case a.Connected != "" && a.Connected != "keep":
		return none{}, errors.New("parameter 'connected' must be 'keep' when 'protocol' is 'vnc'")
	}
	return none{}, errNoVNC
}

func expirePassword(_ *qmp.Call, a passwordArgs) (none, error) {
	switch {
	case !isExpiry(a.Time):
		return none{}, fmt.Errorf("Parameter 'time' doesn't take value '%s'", a.Time)
	case a.Protocol == "spice":
		return none{}, errNoSpice
	}
	return none{}, errors.New("Could not set password expire time")
}

// isExpiry reports whether text says when a password ends: now, never, in +N
// seconds, or at second N of the epoch. The number is read as C's strtoull does.
func isExpiry(text string) bool {
	if text == "now" || text == "never" {
		return true
	}
	n := strings.TrimLeft(strings.TrimPrefix(text, "+"), " \t\n\v\f\r")
	_, err := strconv.ParseUint(strings.TrimLeft(n, "+-"), 10, 64)
	return err == nil && len(n)-len(strings.TrimLeft(n, "+-")) <= 1
}

type displayArgs struct {
	Type     string `json:"type"`
	TLSCerts bool   `json:"tls-certs"`
}

// displayReload has nothing to do where no certificates are asked for.
func displayReload(_ *qmp.Call, a displayArgs) (none, error) {
	if a.TLSCerts {
		return none{}, errNoDisplay
	}
	return none{}, nil
}
