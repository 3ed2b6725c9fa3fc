package edu_test

import (
	"os"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// Configuration space and registers answer as those of a real QEMU 11.1.3 did
// in a recorded session.
func TestRecordedRegisters(t *testing.T) {
	text, err := os.ReadFile("testdata/registers.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=4"), qmptest.GuestNone())
	m.Play(string(text))
}

// setUp places the BAR at 0xe0000000 and enables the function.
var setUp = []string{
	"> outl 0xcf8 0x80002010", "< OK", "> outl 0xcfc 0xe0000000", "< OK",
	"> outl 0xcf8 0x80002004", "< OK", "> outw 0xcfc 0x7", "< OK",
}

// A transfer that does not fit in the buffer copies nothing; QEMU would end.
func TestTransferOutside(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=4"), qmptest.GuestNone())
	m.Play(append(setUp,
		"> write 0x1000 4 0x11223344", "< OK",
		"> writeq 0xe0000080 0x1000", "< OK", "> writeq 0xe0000088 0x40ffe", "< OK",
		"> writeq 0xe0000090 4", "< OK", "> writeq 0xe0000098 1", "< OK",
		"> clock_step 100000000", "< OK 100000000", "> readq 0xe0000098", "< OK 0x0000000000000000",
		// Back from the last two bytes: the buffer is as it was.
		"> writeq 0xe0000080 0x40ffc", "< OK", "> writeq 0xe0000088 0x1000", "< OK",
		"> writeq 0xe0000098 3", "< OK", "> clock_step 100000000", "< OK 200000000",
		"> read 0x1000 4", "< OK 0x00000000",
	)...)
}

// While a transfer is under way its timer is a holder; unplugging cancels it, and
// nothing is left that would keep the device.
func TestUnplugWhileTransferring(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=4"))
	c := m.Client()
	m.Play(append(setUp, "> writeq 0xe0000090 4", "< OK", "> writeq 0xe0000088 0x40000", "< OK",
		"> writeq 0xe0000098 1", "< OK")...)
	var refs []struct{ Kind, Holder string }
	c.Must("x-query-references", qmptest.A{"path": "/machine/peripheral/e"}, &refs)
	found := false
	for _, r := range refs {
		found = found || r.Kind == "timer" && r.Holder == "edu e DMA"
	}
	if !found {
		t.Errorf("the timer is not in the ledger: %v", refs)
	}
	m.Step(time.Millisecond) // QEMU refuses a second request at time 0 for ever
	c.Must("device_del", qmptest.A{"id": "e"})
	m.Acknowledge()
	if e := c.Event(); e.Name != "DEVICE_DELETED" || e.Member("device") != "e" {
		t.Errorf("event %+v", e)
	}
	m.Step(time.Second)
}
