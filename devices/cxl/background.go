package cxl

import (
	"time"

	"github.com/qomd/qomd/devices/qdev"
)

// background is the command that goes on after its reply, of which there is at
// most one at a time; and how the last one ended. While one is under way its
// timer holds the device.
type background struct {
	clock   qdev.Clock
	alarm   qdev.Alarm
	opcode  uint16
	started int64 // virtual time
	lasts   time.Duration
	percent uint8 // how far the last one came
	result  code
}

func (b *background) running() bool { return b.alarm.Armed() }

// done is how much of the command is done, in percent.
func (b *background) done() uint8 {
	if !b.running() {
		return b.percent
	}
	return uint8(min(99, 100*time.Duration(b.clock.Now()-b.started)/b.lasts))
}

// status is the background command status register, CXL 3.1 section 8.2.8.4.7.
func (b *background) status() uint64 {
	return uint64(b.opcode) | uint64(b.done())<<16 | uint64(b.result)<<32
}

// what names the command in the ledger.
func (t *Type3) what() string { return "cxl-type3 " + t.Label() + " background command" }

// start lets a command go on for a while; its effect is what finish does at the
// end.
func (t *Type3) start(op uint16, lasts time.Duration) code {
	b := &t.background
	b.clock = t.Env().Clock
	b.opcode, b.started, b.lasts, b.percent, b.result = op, b.clock.Now(), lasts, 0, success
	b.alarm.Set(t.Qdev(), lasts, t.what(), t.finish)
	return started
}

// finish ends the command and tells the guest, by MSI-X, if it wants to know.
func (t *Type3) finish() {
	t.background.percent = 100
	switch t.background.opcode {
	case opSanitize:
		t.sanitized()
	case opMediaOperations:
		t.filled()
	case opScanMedia:
		t.scanned()
	}
	t.NotifyMSIX(mbVector)
}

// nearEnd is from which percentage on a command is not stopped any more.
const nearEnd = 85

// abortBackground is Request Abort Background Operation, section 8.2.9.1.5.
func (t *Type3) abortBackground([]byte) (code, []byte) {
	b := &t.background
	if t.commands[b.opcode].effects&effectAbortable == 0 {
		return noAbort, nil
	}
	if b.running() && b.done() < nearEnd {
		b.percent, b.result = b.done(), aborted
		b.alarm.Stop()
	}
	return success, nil
}
