package commands

import (
	"errors"
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/qmp"
)

// input registers the commands of qapi/ui.json that play the user at keyboard
// and mouse.
func (c *Commands) input() {
	panel := &c.m.Env().Input
	typist := &input.Typist{Panel: panel, Awake: c.m.Awake, After: func(d time.Duration, f func()) { c.m.AfterFunc(d, f) }}
	qmp.Register(c.set, "screendump", 0, c.screendump)
	qmp.Register(c.set, "query-mice", 0, func(*qmp.Call, none) ([]input.Mouse, error) { return panel.Mice(), nil })
	qmp.Register(c.set, "input-send-event", 0, c.sendInput)
	qmp.Register(c.set, "send-key", 0, func(_ *qmp.Call, a sendKeyArgs) (none, error) {
		var keys []input.KeyName
		for _, k := range a.Keys {
			keys = append(keys, k.key())
		}
		typist.Press(keys, time.Duration(uint32(a.Hold))*time.Millisecond)
		return none{}, nil
	})
}

type sendKeyArgs struct {
	Keys []keyValue `json:"keys"`
	Hold int64      `json:"hold-time"` // milliseconds
}

// keyValue is QEMU's KeyValue: a key by its name, or by its number.
type keyValue struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

func (k keyValue) key() input.KeyName {
	switch v := k.Data.(type) {
	case string:
		return input.KeyName(v)
	case int64:
		return input.KeyOf(int(v))
	}
	return ""
}

type inputArgs struct {
	Device *string `json:"device"`
	Head   *int    `json:"head"`
	Events []struct {
		Type string `json:"type"`
		Data struct {
			Key    keyValue         `json:"key"`
			Button input.ButtonName `json:"button"`
			Down   bool             `json:"down"`
			Axis   string           `json:"axis"`
			Value  int              `json:"value"`
			Touch  string           `json:"type"`
			Slot   int              `json:"slot"`
			Finger int              `json:"tracking-id"`
		} `json:"data"`
	} `json:"events"`
}

// sendInput checks that there is a device for every event before any is sent.
func (c *Commands) sendInput(_ *qmp.Call, a inputArgs) (none, error) {
	if a.Device != nil {
		if err := c.checkScreen(*a.Device, a.Head); err != nil {
			return none{}, err
		}
	}
	if !c.m.Awake() {
		return none{}, errors.New("VM not running")
	}
	panel := &c.m.Env().Input
	var events []input.Event
	for _, e := range a.Events {
		kind, d := input.KindOf(e.Type), e.Data
		if !panel.Has(kind) {
			return none{}, fmt.Errorf("Input handler not found for event type %s", e.Type)
		}
		events = append(events, input.Event{
			Kind: kind, Key: d.Key.key(), Button: d.Button, Down: d.Down, Axis: d.Axis, Value: d.Value,
			Touch: d.Touch, Slot: d.Slot, Tracking: d.Finger,
		})
	}
	panel.Send(events...)
	return none{}, nil
}
