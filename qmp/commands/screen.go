package commands

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/qomd/qomd/devices/display"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp"
)

type screenArgs struct {
	Filename string  `json:"filename"`
	Device   *string `json:"device"`
	Head     *int    `json:"head"`
	Format   string  `json:"format"`
}

// screendump writes what a screen shows to a file.
func (c *Commands) screendump(call *qmp.Call, a screenArgs) (none, error) {
	switch {
	case a.Device != nil:
		if err := c.checkScreen(*a.Device, a.Head); err != nil {
			return none{}, err
		}
	case a.Head != nil:
		return none{}, errors.New("'head' must be specified together with 'device'")
	case !display.HasScreen(c.m.Env().SystemBus, nil, 0):
		return none{}, errors.New("There is no console to take a screendump from")
	}
	f, err := os.OpenFile(a.Filename, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return none{}, fmt.Errorf("Could not create '%s': %s", a.Filename, object.Strerror(err))
	}
	return qmp.Aside(call, func(context.Context) {
		err = display.WritePicture(f, a.Format)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			dropPartial(a.Filename)
			what := "Unable to write to file"
			if a.Format == "png" {
				what = "PNG creation failed. Unable to close file"
			}
			err = fmt.Errorf("%s: %s", what, object.Strerror(err))
		}
	}, func() (none, error) { return none{}, err })
}

// dropPartial removes a file that could not be written to its end.
func dropPartial(name string) {
	if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
		os.Remove(name)
	}
}

// checkScreen looks a screen up by the id of its adapter.
func (c *Commands) checkScreen(id string, head *int) error {
	d := qdev.From(c.m.Env().Peripheral.Child(id))
	if d == nil {
		return qmp.Errorf(qmp.DeviceNotFound, "Device '%s' not found", id)
	}
	n := 0
	if head != nil {
		n = *head
	}
	if !display.HasScreen(c.m.Env().SystemBus, d, n) {
		return fmt.Errorf("Device %s (head %d) is not bound to a QemuConsole", id, n)
	}
	return nil
}
