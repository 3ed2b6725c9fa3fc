package machine

import "github.com/qomd/qomd/devices/chipset"

// ROMs lists the firmware of the machine; one without a board has none.
func (m *Machine) ROMs() []chipset.ROM {
	if m.board == nil {
		return nil
	}
	return m.board.ROMs()
}
