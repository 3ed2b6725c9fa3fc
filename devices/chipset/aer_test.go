package chipset_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// Registers of the error reporting capability of a pcie-root-port.
const (
	uncStatus  = 0x104
	corStatus  = 0x110
	errControl = 0x118
	errHeader  = 0x11c
)

// TestErrorQueue: a guest that wants several headers gets them one by one, as it
// clears the errors; when eight wait the next is told to be lost. QEMU 11.1.3
// did the same.
func TestErrorQueue(t *testing.T) {
	r := nativeRig(t, "")
	defer r.finish()
	f := pci.FromDevice(qdev.From(r.env.Peripheral.Child("rp0")))
	write := func(reg int, v uint32) { f.WriteConfig(reg, 4, v) }
	report := func(e pci.AERError) {
		if err := f.Report(e); err != nil {
			t.Fatal(err)
		}
	}
	type state struct{ Status, First, Header uint32 }
	now := func() state {
		return state{f.ExtendedLong(uncStatus), f.ExtendedLong(errControl) & 0x1f, f.ExtendedLong(errHeader)}
	}
	want := func(what string, s state) {
		t.Helper()
		if diff := cmp.Diff(s, now()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	const poisoned, malformed, protocol = 1 << 12, 1 << 18, 1 << 4
	write(errControl, 0x400)
	report(pci.AERError{Status: malformed, Header: []uint32{1, 2, 3, 4}})
	report(pci.AERError{Status: poisoned, Header: []uint32{2}})
	report(pci.AERError{Status: protocol})
	want("three errors", state{malformed | poisoned | protocol, 18, 1 << 24})
	write(uncStatus, poisoned)
	want("one that waits is not cleared", state{malformed | poisoned | protocol, 18, 1 << 24})
	write(uncStatus, malformed)
	want("the next", state{poisoned | protocol, 12, 2 << 24})
	for range 8 {
		report(pci.AERError{Status: protocol})
	}
	if got := f.ExtendedLong(corStatus); got != 1<<15 {
		t.Errorf("correctable status %#x, want that a header was lost", got)
	}
	write(errControl, 0) // one header is enough from now on
	write(uncStatus, poisoned|protocol)
	want("all cleared", state{})
	if err := f.Report(pci.AERError{Status: malformed | poisoned}); err != pci.ErrNoError {
		t.Errorf("two errors at once: %v", err)
	}
}
