package legacy_test

import (
	"testing"

	"github.com/qomd/qomd/devices/usb/usbtest"
)

func TestPorts(t *testing.T) {
	for _, tc := range []struct {
		driver string
		props  []any
		ports  int
		speed  string
	}{
		{"piix3-usb-uhci", nil, 2, "12"},
		{"ich9-usb-uhci1", nil, 2, "12"},
		{"usb-ehci", nil, 6, "480"},
		{"ich9-usb-ehci1", nil, 6, "480"},
		{"pci-ohci", nil, 3, "12"},
		{"pci-ohci", []any{"num-ports", 5}, 5, "12"},
	} {
		t.Run(tc.driver, func(t *testing.T) {
			m := usbtest.New(t)
			m.Env.Ready = false // some are for the command line only
			m.Add(tc.driver, append(tc.props, "id", "ctl")...)
			m.Env.Ready = true
			for i := range tc.ports - 1 {
				m.Add("usb-tablet", "id", string(rune('a'+i)))
			}
			want := "  Device 0.0, Port 1, Speed " + tc.speed + " Mb/s, Product QEMU USB Tablet, ID: a\n"
			if got := m.Info()[:len(want)]; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if _, err := m.TryAdd("usb-hub", "id", "h"); (err == nil) != (tc.speed == "12") {
				t.Errorf("hub on the last port: %v", err)
			}
		})
	}
}

// Companions take slow devices at the ports of an EHCI.
func TestCompanions(t *testing.T) {
	m := usbtest.New(t)
	m.Env.Ready = false
	m.Add("ich9-usb-ehci1", "id", "e")
	m.Add("piix3-usb-uhci", "id", "u")
	for _, tc := range []struct {
		props []any
		err   string
	}{
		{[]any{"masterbus", "nope.0"}, "USB bus 'nope.0' not found"},
		{[]any{"masterbus", "u.0"}, "Can't use USB bus 'u.0' as masterbus, it doesn't support companion controllers"},
		{[]any{"masterbus", "e.0", "firstport", 5}, "firstport must be between 0 and 4"},
		{[]any{"masterbus", "e.0", "firstport", 0}, ""},
		{[]any{"masterbus", "e.0", "firstport", 1}, "firstport 1 asks for ports 1-2, but port 1 has a companion assigned already"},
	} {
		got := ""
		if _, err := m.TryAdd("ich9-usb-uhci1", tc.props...); err != nil {
			got = err.Error()
		}
		if got != tc.err {
			t.Errorf("%v: %q, want %q", tc.props, got, tc.err)
		}
	}
	m.Env.Ready = true
	m.Add("usb-tablet", "bus", "e.0", "usb_version", 1)
	m.Add("usb-hub", "bus", "e.0")
	m.Add("usb-mouse", "bus", "e.0", "port", "3")
	want := "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet\n" +
		"  Device 0.0, Port 2, Speed 12 Mb/s, Product QEMU USB Hub\n" +
		"  Device 0.0, Port 3, Speed 480 Mb/s, Product QEMU USB Mouse\n"
	if got := m.Info(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
