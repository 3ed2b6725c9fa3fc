package commands

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
)

type clientArgs struct {
	Protocol string `json:"protocol"`
	FDName   string `json:"fdname"`
	SkipAuth bool   `json:"skipauth"`
}

// addClient gives a connected socket that came with getfd to the server of a
// screen or to a character device.
func (c *Commands) addClient(_ *qmp.Call, a clientArgs) (none, error) {
	f, err := c.m.Files.TakeNamed(a.FDName)
	if err != nil {
		return none{}, err
	}
	defer f.Close()
	conn, err := chardev.FileConn(f)
	if err != nil {
		return none{}, errors.New("parameter @fdname must name a socket")
	}
	switch a.Protocol {
	case "vnc": // with nobody to take it, QEMU says nothing
		if s := c.vncServer(""); s != nil {
			s.Attach(conn, a.SkipAuth)
		} else {
			conn.Close()
		}
		return none{}, nil
	case "spice":
		err = errNoSpice
	case "@dbus-display":
		err = errNoDBus
	default:
		if d := c.m.Characters.Find(a.Protocol); d == nil {
			err = fmt.Errorf("protocol '%s' is invalid", a.Protocol)
		} else if !d.AddClient(conn) {
			err = errors.New("failed to add client")
		} else {
			return none{}, nil
		}
	}
	conn.Close()
	return none{}, err
}
