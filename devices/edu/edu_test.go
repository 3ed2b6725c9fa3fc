package edu_test

import (
	"bufio"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
	"github.com/qomd/qomd/qmp/qtest"
)

// play sends the lines of a recorded register session and compares the answers.
func play(t *testing.T, m *qmptest.Machine, lines []string) {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		qtest.New(m.VM.Machine, nil).ServeConn(t.Context(), theirs)
	}()
	in := bufio.NewScanner(ours)
	sent := ""
	for i, line := range lines {
		mark, text, _ := strings.Cut(line, " ")
		switch mark {
		case ">":
			sent = text
			if _, err := ours.Write([]byte(text + "\n")); err != nil {
				t.Fatal(err)
			}
		case "<":
			if !in.Scan() {
				t.Fatalf("line %d: no answer to %q: %v", i+1, sent, in.Err())
			}
			if in.Text() != text {
				t.Errorf("line %d: %q answered %q, want %q", i+1, sent, in.Text(), text)
			}
		}
	}
	ours.Close()
	<-done
}

// Configuration space and registers answer as those of a real QEMU 11.1.3 did
// in a recorded session.
func TestRecordedRegisters(t *testing.T) {
	text, err := os.ReadFile("testdata/registers.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=4"), qmptest.GuestNone())
	play(t, m, strings.Split(strings.TrimSpace(string(text)), "\n"))
}

// setUp places the BAR at 0xe0000000 and enables the function.
var setUp = []string{
	"> outl 0xcf8 0x80002010", "< OK", "> outl 0xcfc 0xe0000000", "< OK",
	"> outl 0xcf8 0x80002004", "< OK", "> outw 0xcfc 0x7", "< OK",
}

// A transfer that does not fit in the buffer copies nothing; QEMU would end.
func TestTransferOutside(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=4"), qmptest.GuestNone())
	play(t, m, append(setUp,
		"> write 0x1000 4 0x11223344", "< OK",
		"> writeq 0xe0000080 0x1000", "< OK", "> writeq 0xe0000088 0x40ffe", "< OK",
		"> writeq 0xe0000090 4", "< OK", "> writeq 0xe0000098 1", "< OK",
		"> clock_step 100000000", "< OK 100000000", "> readq 0xe0000098", "< OK 0x0000000000000000",
		// Back from the last two bytes: the buffer is as it was.
		"> writeq 0xe0000080 0x40ffc", "< OK", "> writeq 0xe0000088 0x1000", "< OK",
		"> writeq 0xe0000098 3", "< OK", "> clock_step 100000000", "< OK 200000000",
		"> read 0x1000 4", "< OK 0x00000000",
	))
}

// While a transfer is under way its timer is a holder; unplugging cancels it, and
// nothing is left that would keep the device.
func TestUnplugWhileTransferring(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=4"))
	c := m.Client()
	play(t, m, append(setUp, "> writeq 0xe0000090 4", "< OK", "> writeq 0xe0000088 0x40000", "< OK",
		"> writeq 0xe0000098 1", "< OK"))
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
