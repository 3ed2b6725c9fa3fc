package commands

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// input registers the commands of qapi/ui.json that play the user at keyboard
// and mouse. What is typed goes nowhere: no guest reads it.
func (c *Commands) input() {
	qmp.Register(c.set, "screendump", 0, c.screendump)
	qmp.RegisterRaw(c.set, "send-key", 0, func(*qmp.Call, *qjson.Object) (any, error) { return nil, nil })
	qmp.Register(c.set, "input-send-event", 0, c.sendInput)
}

type inputArgs struct {
	Device string `json:"device"`
	Head   *int   `json:"head"`
	Events []struct {
		Type string `json:"type"`
	} `json:"events"`
}

// sendInput checks that there is a device for every event before any is sent.
func (c *Commands) sendInput(_ *qmp.Call, a inputArgs) (none, error) {
	if a.Device != "" {
		if err := c.checkScreen(a.Device, a.Head); err != nil {
			return none{}, err
		}
	}
	if !c.m.Running() {
		return none{}, errors.New("VM not running")
	}
	for _, e := range a.Events {
		if !c.takesInput(e.Type) {
			return none{}, fmt.Errorf("Input handler not found for event type %s", e.Type)
		}
	}
	return none{}, nil
}

// takesInput reports whether a working device takes events of a type.
func (c *Commands) takesInput(event string) bool {
	found := false
	c.m.Tree().Root().Walk(func(o *qom.Object) bool {
		if in, ok := inputs[o.TypeName()]; ok && in.takes(event) {
			realized, _ := o.Get("realized")
			found = found || realized == true
		}
		return !found
	})
	return found
}

// takes reports whether a device of the type takes events of a type.
func (in input) takes(event string) bool {
	switch event {
	case "key":
		return in.name == ""
	case "btn":
		return in.name != ""
	case "rel":
		return in.name != "" && !in.absolute
	case "abs":
		return in.absolute && !in.touch
	}
	return in.touch // mtt
}
