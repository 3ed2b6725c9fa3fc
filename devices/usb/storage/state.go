package storage

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater]. While a command is under way its data
// are in nobody's registers: the machine can be carried a moment later.
func (t *transport) VMState(f *vmstate.Fields) {
	if t.phase != wantCommand || t.stage != nil || t.waiting != nil {
		f.NotMigratable()
		return
	}
	t.Device.VMState(f)
}
