package machine

import (
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// buildBoard adds what is soldered to the board of the machine type.
func (m *Machine) buildBoard() error { return nil }

// tables is what firmware tells the guest about the board.
func (m *Machine) tables() guest.Tables { return guest.Tables{} }

func qdevFrom(o *qom.Object) *qdev.Device { return qdev.From(o) }
