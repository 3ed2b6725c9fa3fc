package vnc

import "github.com/qomd/qomd/devices/input"

// mouse turns the pointer of a client into events. The machine's lock guards it.
type mouse struct {
	panel   *input.Panel
	buttons byte
	placed  bool // x and y are known
	x, y    int
}

// pointerButtons are the buttons by the bits of a client's mask.
var pointerButtons = [...]input.ButtonName{input.Left, input.Middle, input.Right, input.WheelUp, input.WheelDown}

// fullScale is the largest coordinate of what has absolute ones.
const fullScale = 0x7fff

// move is the pointer at a place with some buttons down. As QEMU, it goes there
// where the guest takes absolute places, and by as much as it moved elsewhere.
func (m *mouse) move(buttons byte, x, y int) {
	var events []input.Event
	for i, name := range pointerButtons {
		if (buttons^m.buttons)>>i&1 != 0 {
			events = append(events, input.Event{Kind: input.Button, Button: name, Down: buttons>>i&1 != 0})
		}
	}
	at := func(kind input.Kind, x, y int) {
		events = append(events, input.Event{Kind: kind, Axis: input.AxisX, Value: x}, input.Event{Kind: kind, Axis: "y", Value: y})
	}
	switch {
	case m.panel.Absolute():
		at(input.Absolute, min(x, width)*fullScale/width, min(y, height)*fullScale/height)
	case m.placed:
		at(input.Relative, x-m.x, y-m.y)
	}
	m.buttons, m.placed, m.x, m.y = buttons, true, x, y
	m.panel.Send(events...)
}
