package usb_test

import (
	"slices"
	"testing"

	"github.com/qomd/qomd/devices/usb/usbtest"
)

// What a stream says of a hub that came by itself is made, or refused without a
// trace.
func TestOwnAgain(t *testing.T) {
	const path, bus = "/machine/unattached/device[7]", "/machine/peripheral/c/c.0"
	for _, tc := range []struct{ driver, path, bus, place, err string }{
		{"usb-hub", path, bus, "2", ""},
		{"usb-hub", path, bus, "9", "usb port 9 (bus c.0) not found (in use?)"},
		{"usb-hub", path, bus, "", "no bus '" + bus + "' with a place ''"},
		{"usb-hub", "/machine/unattached/hub", bus, "2", "no bus '" + bus + "' with a place '2'"},
		{"usb-hub", path, "/machine/peripheral/c", "2", "no bus '/machine/peripheral/c' with a place '2'"},
		{"usb-hub", path, "/machine/host/pci.0", "2", "Device 'usb-hub' can't go on PCI bus"},
		{"qemu-xhci", path, "/machine/host/pci.0", "2", "a device of type 'qemu-xhci' has no place '2'"},
		{"usb-device", path, bus, "2", "Parameter 'driver' expects a non-abstract device type"},
		{"nothing", path, bus, "2", "'nothing' is not a valid device model name"},
	} {
		m := usbtest.New(t)
		m.Add("qemu-xhci", "id", "c")
		text := ""
		if err := m.Env.OwnAgain(tc.driver, tc.path, tc.bus, tc.place); err != nil {
			text = err.Error()
		}
		if text != tc.err {
			t.Errorf("%+v: %q", tc, text)
		}
		var got []string
		for _, d := range m.Env.Own() {
			got = append(got, d.Path()+" "+d.Place())
		}
		var want []string
		if tc.err == "" {
			want = []string{tc.path + " " + tc.place}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: there is %q, want %q", tc, got, want)
		}
		m.Settle()
	}
}
