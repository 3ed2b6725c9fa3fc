package watchdog

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater].
func (w *i6300esb) VMState(f *vmstate.Fields) {
	w.Device.VMState(f)
	f.Field("preload", &w.preload)
	f.Field("stage", &w.stage)
	f.Field("unlock", &w.unlock)
	f.Field("fired", &w.fired)
	w.alarm.VMState(f, "expires", &w.Device.Device, "i6300esb "+w.Label(), w.expired)
}

// VMState implements [vmstate.Stater].
func (w *ib700) VMState(f *vmstate.Fields) {
	w.alarm.VMState(f, "expires", &w.Device, w.alarmName(), w.expired)
}
