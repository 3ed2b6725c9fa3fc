package chardev

import "github.com/qomd/qomd/devices/input"

// serialMouse is a Microsoft mouse at a serial line (msmouse). It is one of the
// machine's pointing devices from the moment it is there. What it is told is
// lost, as with QEMU's while no driver has raised the line's DTR and RTS: the
// serial ports here have no registers to do that with.
type serialMouse struct {
	Silent
	panel *input.Panel
	at    *input.Handler
}

func (s *Set) newSerialMouse() *serialMouse {
	m := &serialMouse{Silent: Silent{kind: "msmouse"}, panel: s.Panel}
	m.at = &input.Handler{Name: "QEMU Microsoft Mouse", Takes: input.Button | input.Relative, Device: m}
	return m
}

// Receive implements [input.Device].
func (m *serialMouse) Receive(input.Event) {}

// Sync implements [input.Device].
func (m *serialMouse) Sync() {}

// plug makes the mouse one of the machine's; it needs the machine's lock.
func (m *serialMouse) plug() {
	if m.panel != nil {
		m.panel.Add(m.at)
	}
}

// unplug takes it away again.
func (m *serialMouse) unplug() {
	if m.panel != nil {
		m.panel.Remove(m.at)
	}
}
