package commands

import (
	"errors"
	"fmt"
	"time"

	"github.com/qomd/qomd/qmp"
)

// ui registers the commands of qapi/ui.json about servers of the screen: of VNC,
// or of SPICE and D-Bus, which are refused on the command line.
func (c *Commands) ui() {
	qmp.Register(c.set, "add_client", 0, c.addClient)
	qmp.Register(c.set, "set_password", 0, c.setPassword)
	qmp.Register(c.set, "expire_password", 0, c.expirePassword)
	qmp.Register(c.set, "display-reload", 0, c.displayReload)
}

var (
	errNoSpice = &qmp.Error{Class: qmp.DeviceNotActive, Desc: "SPICE is not in use"}
	errNoDBus  = &qmp.Error{Class: qmp.DeviceNotActive, Desc: "D-Bus display is not in use"}
)

type passwordArgs struct {
	Protocol  string `json:"protocol"`
	Password  string `json:"password"`
	Connected string `json:"connected"`
	Time      string `json:"time"`
	Display   string `json:"display"`
}

func (c *Commands) setPassword(_ *qmp.Call, a passwordArgs) (none, error) {
	switch {
	case a.Protocol == "spice":
		return none{}, errNoSpice
	case a.Connected != "" && a.Connected != "keep":
		return none{}, errors.New("parameter 'connected' must be 'keep' when 'protocol' is 'vnc'")
	}
	return none{}, c.setVNCPassword(a.Display, a.Password)
}

func (c *Commands) expirePassword(_ *qmp.Call, a passwordArgs) (none, error) {
	at, ok := expiry(a.Time, time.Now())
	switch {
	case !ok:
		return none{}, fmt.Errorf("Parameter 'time' doesn't take value '%s'", a.Time)
	case a.Protocol == "spice":
		return none{}, errNoSpice
	}
	s := c.vncServer(a.Display)
	if s == nil {
		return none{}, errors.New("Could not set password expire time")
	}
	s.ExpirePassword(at)
	return none{}, nil
}

type displayArgs struct {
	Type     string `json:"type"`
	TLSCerts bool   `json:"tls-certs"`
}

// displayReload has the first VNC server read its certificates again, if asked to.
func (c *Commands) displayReload(_ *qmp.Call, a displayArgs) (none, error) {
	if !a.TLSCerts {
		return none{}, nil
	}
	s := c.vncServer("")
	if s == nil {
		return none{}, errors.New("Can not find vnc display")
	}
	return none{}, s.ReloadCredentials()
}
