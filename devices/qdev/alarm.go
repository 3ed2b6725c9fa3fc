package qdev

import (
	"time"

	"github.com/qomd/qomd/qom"
)

// Alarm is a timer of a device on the machine's virtual clock. While it is set
// it is an entry in the device's ledger; the device stops it when it is
// unrealized. The zero value is not set.
type Alarm struct {
	hold  qom.Hold
	timer Timer
	at    int64 // virtual time of the call
}

// Set has f called once wait of virtual time has passed, in place of what the
// alarm was set to before. what names it in the ledger.
func (a *Alarm) Set(d *Device, wait time.Duration, what string, f func()) {
	a.Stop()
	d.HoldInto(&a.hold, qom.HoldTimer, what, 1)
	a.at = d.Env().Clock.Now() + int64(wait)
	a.timer = d.Env().Clock.AfterFunc(wait, func() {
		a.timer = nil
		f()
		if a.timer == nil && a.hold.Held() { // not set again
			a.hold.Release() // the device may go here
		}
	})
}

// Armed reports whether a call is pending.
func (a *Alarm) Armed() bool { return a.timer != nil }

// Stop cancels the call, if one is pending.
func (a *Alarm) Stop() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.hold.Held() {
		a.hold.Release()
	}
}
