package watchdog

import (
	"time"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Ports of the iBASE 700 watchdog, as the driver of Linux uses them. Each stands
// for itself and the port after it.
const (
	ib700Stop  = 0x441 // a write stops the timer
	ib700Start = 0x443 // a write starts it; the low four bits say for how long
)

// ib700 is the watchdog of the iBASE 700 board, on the ISA bus.
type ib700 struct {
	qdev.Device
	region memory.Region
	alarm  qdev.Alarm
}

// Realize implements [qdev.Realizer].
func (w *ib700) Realize() error {
	w.region.InitIO(w.Env().Memory, &w.Object, memory.Funcs{OnRead: absent, OnWrite: w.write}, "ib700", 4)
	w.region.SetRules(&memory.Rules{Impl: memory.Access{Min: 1, Max: 1}})
	w.Env().SystemIO.AddSubregion(ib700Stop, &w.region)
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (w *ib700) Unrealize() {
	w.alarm.Stop()
	if c := w.region.Container(); c != nil {
		c.DelSubregion(&w.region)
	}
}

// Reset implements [qdev.Resetter].
func (w *ib700) Reset() { w.alarm.Stop() }

// absent is what there is to read at the ports.
func absent(uint64, int) uint64 { return 0xff }

func (w *ib700) write(addr uint64, _ int, val uint64) {
	if ib700Stop+addr < ib700Start {
		w.alarm.Stop()
		return
	}
	wait := 30*time.Second - time.Duration(val&0xf)*2*time.Second
	w.alarm.Set(&w.Device, wait, w.alarmName(), w.expired)
}

func (w *ib700) alarmName() string { return "ib700 " + w.Label() }

func (w *ib700) expired() {
	if l := w.Env().Lifecycle; l != nil {
		l.WatchdogFired()
	}
}
