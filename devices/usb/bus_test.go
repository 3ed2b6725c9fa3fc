package usb_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
	"github.com/qomd/qomd/qom"
)

// step is one request and what it leads to: an error, or events.
type step struct {
	do     string // "add driver prop=value..." or "del id" or "info"
	err    string
	events []string
	info   string
}

func run(t *testing.T, m *usbtest.Machine, steps []step) {
	t.Helper()
	for _, s := range steps {
		words := strings.Fields(s.do)
		var err error
		switch words[0] {
		case "add":
			var props []any
			for _, w := range words[2:] {
				name, value, _ := strings.Cut(w, "=")
				var v any = value
				if name == "ports" || name == "usb_version" {
					v = int(value[0] - '0')
				}
				props = append(props, name, v)
			}
			_, err = m.TryAdd(words[1], props...)
		case "del":
			err = m.TryDel(words[1])
		case "info":
			if diff := cmp.Diff(s.info, m.Info()); diff != "" {
				t.Errorf("info usb (-want +got):\n%s", diff)
			}
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != s.err {
			t.Errorf("%s: error %q, want %q", s.do, got, s.err)
		}
		if diff := cmp.Diff(s.events, m.TakeEvents()); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", s.do, diff)
		}
		m.Check()
	}
}

func deleted(ids ...string) (list []string) {
	for _, id := range ids {
		if strings.HasPrefix(id, "/") {
			list = append(list, "DEVICE_DELETED "+id)
		} else {
			list = append(list, "DEVICE_DELETED "+id+" /machine/peripheral/"+id)
		}
	}
	return list
}

// What real sessions of QEMU 11.1.3 show of ports, hubs and events.
func TestRecordedSessions(t *testing.T) {
	for name, tc := range map[string]struct {
		controller string
		steps      []step
	}{
		"wrong speed": {"usb-ehci", []step{
			{do: "add usb-tablet usb_version=1",
				err: `Warning: speed mismatch trying to attach usb device "QEMU USB Tablet" (full speed) to bus "c.0", port "1" (high speed)`},
			{do: "add usb-tablet id=ok"},
			{do: "add usb-hub",
				err: `Warning: speed mismatch trying to attach usb device "QEMU USB Hub" (full speed) to bus "c.0", port "3" (high speed)`},
			{do: "info", info: "  Device 0.0, Port 2, Speed 480 Mb/s, Product QEMU USB Tablet, ID: ok\n"},
		}},
		"hub depth": {"qemu-xhci", []step{
			{do: "add usb-hub id=h1 port=1"}, {do: "add usb-hub id=h2 port=1.1"}, {do: "add usb-hub id=h3 port=1.1.1"},
			{do: "add usb-hub id=h4 port=1.1.1.1"}, {do: "add usb-hub id=h5 port=1.1.1.1.1"},
			{do: "add usb-hub id=h6 port=1.1.1.1.1.1", err: "usb hub chain too deep"},
			{do: "add usb-tablet id=t port=1.1.1.1.1.1"},
			{do: "add usb-tablet id=u port=1.1.1.1.1", err: "usb port 1.1.1.1.1 (bus c.0) not found (in use?)"},
			{do: "add usb-tablet id=v port=1.9", err: "usb port 1.9 (bus c.0) not found (in use?)"},
		}},
		"hub ports": {"qemu-xhci", []step{
			{do: "add usb-hub id=h port=1 ports=2"},
			{do: "add usb-tablet id=a port=1.2"},
			{do: "add usb-tablet id=b port=1.3", err: "usb port 1.3 (bus c.0) not found (in use?)"},
			{do: "add usb-hub id=g ports=9", err: "num_ports (9) out of range (1..8)"},
			{do: "add usb-hub id=g ports=0", err: "num_ports (0) out of range (1..8)"},
		}},
		"automatic hub": {"qemu-xhci", []step{
			{do: "add usb-tablet id=t0"}, {do: "add usb-tablet id=t1"}, {do: "add usb-tablet id=t2"},
			{do: "add usb-tablet id=t3"}, {do: "add usb-tablet id=t4"},
			{do: "del t4", events: deleted("t4")},
			{do: "del t3", events: deleted("t3")},
			{do: "del t0", events: deleted("t0")},
			{do: "add usb-tablet id=t5"},
			{do: "info", info: "  Device 0.0, Port 2, Speed 480 Mb/s, Product QEMU USB Tablet, ID: t1\n" +
				"  Device 0.0, Port 3, Speed 480 Mb/s, Product QEMU USB Tablet, ID: t2\n" +
				"  Device 0.0, Port 4, Speed 12 Mb/s, Product QEMU USB Hub\n" +
				"  Device 0.0, Port 4.3, Speed 12 Mb/s, Product QEMU USB Tablet, ID: t5\n"},
		}},
		"hub takes its devices along": {"qemu-xhci", []step{
			{do: "add usb-hub id=hub port=1"}, {do: "add usb-tablet id=a port=1.1"}, {do: "add usb-mouse id=b port=1.2"},
			{do: "del hub", events: deleted("a", "b", "hub")},
			{do: "info"},
			{do: "del a", err: "Device 'a' not found"},
			{do: "add usb-hub id=hub port=1"},
			{do: "info", info: "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Hub, ID: hub\n"},
		}},
		"hub chain": {"qemu-xhci", []step{
			{do: "add usb-hub id=h1 port=1"}, {do: "add usb-hub id=h2 port=1.1"}, {do: "add usb-kbd id=k port=1.1.1"},
			{do: "del h1", events: deleted("k", "h2", "h1")},
		}},
		"the whole controller": {"qemu-xhci", []step{
			{do: "add usb-mouse id=mm0"}, {do: "add usb-mouse id=mm1"}, {do: "add usb-kbd"},
			{do: "add usb-hub id=hub1"}, {do: "add usb-tablet id=tab port=4.1"},
			{do: "del c", events: deleted("tab", "hub1", "/machine/peripheral-anon/device[0]", "mm1", "mm0",
				"/machine/peripheral/c/xhci-core", "c")},
			{do: "info", info: "error: USB support not enabled"},
		}},
		"failed devices turn the ports around": {"qemu-xhci", []step{
			{do: "add usb-serial", err: "Property chardev is required"},
			{do: "add usb-redir", err: "Parameter 'chardev' is missing"},
			{do: "add usb-mtp", err: "usb-mtp: rootdir must be configured and be an absolute path"},
			{do: "add usb-ccid id=ccid"},
			{do: "add usb-tablet usb_version=7", err: "Invalid usb version 7 for usb hid device"},
			{do: "add usb-storage", err: "drive property not set"},
			{do: "add usb-bot id=bot"},
			{do: "info", info: "  Device 0.0, Port 4, Speed 12 Mb/s, Product QEMU USB CCID, ID: ccid\n" +
				"  Device 0.0, Port 3, Speed 12 Mb/s, Product QEMU USB MSD, ID: bot\n"},
		}},
		"UHCI": {"piix3-usb-uhci", []step{
			{do: "add usb-tablet id=a"},
			{do: "info", info: "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet, ID: a\n"},
			{do: "del a", events: deleted("a")},
		}},
		"no controller": {"", []step{
			{do: "add usb-tablet id=t", err: "No 'usb-bus' bus found for device 'usb-tablet'"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := usbtest.New(t)
			if tc.controller != "" {
				m.Add(tc.controller, "id", "c")
			}
			run(t, m, tc.steps)
		})
	}
}

func TestNoPorts(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "c", "p2", 0, "p3", 0)
	run(t, m, []step{
		{do: "add usb-tablet", err: "tried to attach usb device QEMU USB Tablet to a bus with no free ports"},
	})
}

func TestSpeedMask(t *testing.T) {
	for mask, want := range map[usb.SpeedMask]string{
		0: "unknown", usb.USB2Mask: "high+full+low", usb.USB3Mask: "super", usb.Mask(usb.FullSpeed): "full",
	} {
		if got := mask.String(); got != want {
			t.Errorf("mask %d: %s, want %s", mask, got, want)
		}
	}
}

// A user may unrealize a device and realize it again; in between it is refused
// to go, for good.
func TestRevive(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "c")
	d := m.Add("usb-mouse", "id", "m")
	set := func(v bool) {
		t.Helper()
		if err := d.Set("realized", qom.Value(v)); err != nil {
			t.Fatal(err)
		}
		m.Settle()
	}
	set(false)
	run(t, m, []step{{do: "info"}, {do: "del m", err: "Device m is already in the process of unplug"}})
	set(true)
	run(t, m, []step{
		{do: "info", info: "  Device 0.0, Port 2, Speed 480 Mb/s, Product QEMU USB Mouse, ID: m\n"},
		{do: "del m", events: deleted("m")},
	})
}

func TestAttachedIsReadOnly(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "c")
	d := m.Add("usb-tablet", "id", "t")
	err := d.Set("attached", qom.Value(false))
	if want := "Property 'usb-tablet.attached' is not writable"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if v, err := d.Get("attached"); v != true || err != nil {
		t.Errorf("attached reads %v, %v", v, err)
	}
}
