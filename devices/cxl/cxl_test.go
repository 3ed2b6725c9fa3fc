package cxl_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// What a driver did with the registers of a real QEMU 11.1.3, and others with its
// monitor, has the same answers here: configuration space, both register blocks,
// events with their interrupts, poison, dynamic capacity, errors on their way to
// a root port, and the rest of the mailbox.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			qmptest.Start(t, options(string(text))...).Play(string(text))
		})
	}
}

// options are those of the machine that was recorded: lines like "# -device x".
func options(text string) []qmptest.Option {
	list := []qmptest.Option{qmptest.Q35(), qmptest.GuestNone(), qmptest.Args("-m", "256M")}
	for line := range strings.SplitSeq(text, "\n") {
		if option, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), " "); ok && strings.HasPrefix(option, "-") {
			list = append(list, qmptest.Args(option, value))
		}
	}
	return list
}

var devices = []qmptest.Option{
	qmptest.Q35(), qmptest.Args("-m", "256M"), qmptest.Object("memory-backend-ram,id=v,size=256M"),
	qmptest.Object("memory-backend-ram,id=dc,size=256M"), qmptest.Device("pcie-root-port,id=rp,addr=5,chassis=1"),
	qmptest.Device("cxl-type3,id=t,bus=rp,volatile-memdev=v,num-dc-regions=1,volatile-dc-memdev=dc"),
}

// expander starts a machine with an expander behind a port, whose registers are
// at bar0 and bar2.
func expander(t *testing.T, more ...qmptest.Option) (*qmptest.Machine, *qmptest.Client) {
	t.Helper()
	m := qmptest.Start(t, append(devices, more...)...)
	m.Play(
		"> outl 0xcf8 0x80002818", "> outl 0xcfc 0x10100", // buses
		"> outl 0xcf8 0x80002820", "> outl 0xcfc 0xe010e000", "> outl 0xcf8 0x80002804", "> outw 0xcfc 6",
		"> outl 0xcf8 0x80010010", "> outl 0xcfc 0xe0000000", "> outl 0xcf8 0x80010018", "> outl 0xcfc 0xe0100000",
		"> outl 0xcf8 0x80010004", "> outw 0xcfc 6")
	return m, m.Client()
}

// Lines of the register protocol that run a mailbox command without payload, or
// with one byte of it, and read the return code.
func command(op, payload string) []string {
	return []string{"> writeb 0xe01000a8 " + payload, "> writeq 0xe0100090 " + op, "> writel 0xe010008c 1", "> readl 0xe010009c"}
}

var event = qmptest.A{
	"path": "t", "log": "fatal", "flags": 1, "dpa": 0, "descriptor": 0, "type": 0, "transaction-type": 0, "sub-type": 0,
}

// A device that goes takes its events, and a command in the background, along;
// its memory is free again.
func TestUnplugWithEventsPending(t *testing.T) {
	m, c := expander(t)
	c.Must("cxl-inject-general-media-event", event)
	c.Must("cxl-inject-poison", qmptest.A{"path": "t", "start": 0, "length": 64})
	m.Play(append(command("0x4400", "0"), "< OK 0x0000000000000001")...)
	if got := c.MustFail("object-del", qmptest.A{"id": "v"}); !strings.Contains(got, "is mapped") {
		t.Errorf("the backend in use: %s", got)
	}
	m.Step(time.Millisecond)
	c.Must("device_del", qmptest.A{"id": "t"})
	m.Acknowledge()
	if e := c.Await("DEVICE_DELETED"); e.Member("device") != "t" {
		t.Errorf("event %v", e)
	}
	for _, id := range []string{"v", "dc"} {
		c.Must("object-del", qmptest.A{"id": id})
	}
	if got := c.MustFail("cxl-inject-general-media-event", event); got != "Unable to resolve path" {
		t.Errorf("afterwards: %s", got)
	}
}

// What was injected, and what goes on in the background, is in the machine that
// the guest moves to.
func TestStateTravels(t *testing.T) {
	m, c := expander(t, qmptest.GuestNone())
	c.Must("cxl-inject-general-media-event", event)
	c.Must("cxl-inject-poison", qmptest.A{"path": "t", "start": 0x1000, "length": 64})
	c.Must("cxl-add-dynamic-capacity", qmptest.A{"path": "t", "host-id": 0, "selection-policy": "prescriptive", "region": 0,
		"extents": []any{qmptest.A{"offset": 0, "len": 2 << 20}}})
	m.Play("> writel 0xe0001084 0", "< OK")
	c.Must("cxl-inject-uncorrectable-errors", qmptest.A{"path": "t", "errors": []any{qmptest.A{"type": "internal", "header": []any{7}}}})
	m.Play(append(command("0x4400", "0"), "< OK 0x0000000000000001")...)
	here := []string{
		"> readl 0xe0001080", "< OK 0x0000000000004000", "> readl 0xe0001098", "< OK 0x0000000000000007", // errors
		"> readl 0xe0100080", "< OK 0x0000000000000018", // events
		"> readq 0xe01008a8", "< OK 0x000000000000001c", // disabled media
	}
	m.Play(here...)

	target, tc := moved(t, c, devices)
	target.Play(here...)
	tc.Must("cont", nil)
	if got := tc.MustFail("cxl-inject-poison", qmptest.A{"path": "t", "start": 0x1000, "length": 64}); !strings.HasPrefix(got, "Overlap") {
		t.Errorf("poison: %s", got)
	}
	target.Step(4 * time.Second)
	target.Play("> readq 0xe01000a0", "< OK 0x0000000000644400", "> readq 0xe01008a8", "< OK 0x0000000000000014",
		"> readl 0xe0100080", "< OK 0x0000000000000000")
}

// moved migrates the machine of c to a machine like it.
func moved(t *testing.T, c *qmptest.Client, like []qmptest.Option) (*qmptest.Machine, *qmptest.Client) {
	t.Helper()
	target := qmptest.Start(t, append(slices.Clone(like), qmptest.GuestNone(), qmptest.Paused(), qmptest.Args("-incoming", "defer"))...)
	tc := target.Client()
	uri := "unix:" + filepath.Join(t.TempDir(), "stream")
	events := qmptest.A{"capabilities": []any{qmptest.A{"capability": "events", "state": true}}}
	c.Must("migrate-set-capabilities", events)
	tc.Must("migrate-set-capabilities", events)
	tc.Must("migrate-incoming", qmptest.A{"uri": uri})
	c.Must("migrate", qmptest.A{"uri": uri})
	for _, client := range []*qmptest.Client{c, tc} {
		for {
			if e := client.Await("MIGRATION"); e.Member("status") == "completed" {
				break
			} else if e.Member("status") == "failed" {
				t.Fatal("the migration failed")
			}
		}
	}
	return target, tc
}
