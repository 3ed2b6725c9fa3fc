package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp/client"
)

// TestMigrateUSBPorts moves machines whose USB devices sit where their history
// brought them, behind hubs that QEMU put in by itself: the same devices are at
// the same ports afterwards, and the next one goes where it would have gone.
func TestMigrateUSBPorts(t *testing.T) {
	for _, tc := range []struct {
		name, devices, history string // -device options, the ids that come (+) and go (-)
		want                   string // in what "info usb" shows after one more device
	}{
		{"automatic hub", "", "+a +b +c +d +e", "Port 4.3, Speed 12 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"hub behind a hub", "", "+a +b +c +d +e +f +g +h +i +j +k +l", "Port 4.8.3, Speed 12 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"hub whose first device left", "", "+a +b +c +d +e -d -a", "Port 4.3, Speed 12 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"hub without devices", "", "+a +b +c +d -d", "Port 4.2, Speed 12 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"hub at a port that was free again", "", "+a +b -a +c +d +e", "Port 1.2, Speed 12 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"hub since the start", "a b c d", "+e -a", "Port 4.3, Speed 12 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"free ports turned round", "", "+a +b -a", "Port 3, Speed 480 Mb/s, Product QEMU USB Mouse, ID: next"},
		{"same name at another port", "a b", "-a +a", "Port 4, Speed 480 Mb/s, Product QEMU USB Mouse, ID: next"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"-machine", "q35", "-accel", "tcg", "-nodefaults", "-display", "none", "-device", "qemu-xhci,id=x"}
			for id := range strings.FieldsSeq(tc.devices) {
				args = append(args, "-device", "usb-mouse,id="+id)
			}
			machines := make([]*client.Client, 3)
			for i := range machines {
				if i == 1 {
					args = append(args, "-incoming", "defer")
				}
				_, machines[i] = monitor(t, "monitor", args...)
			}
			for step := range strings.FieldsSeq(tc.history) {
				if id, ok := strings.CutPrefix(step, "+"); ok {
					ask[dict](t, machines[0], "device_add", dict{"driver": "usb-mouse", "id": id})
				} else {
					ask[dict](t, machines[0], "device_del", dict{"id": step[1:]})
				}
			}
			for i, target := range machines[1:] { // a machine that moved can move on
				source := machines[i]
				uri := "unix:" + filepath.Join(t.TempDir(), "stream")
				ask[dict](t, target, "migrate-incoming", dict{"uri": uri})
				ask[dict](t, source, "migrate", dict{"uri": uri})
				arrived(t, source, target)
				if want, got := usbDevices(t, source), usbDevices(t, target); want != got {
					t.Errorf("the destination has\n%s, want\n%s", got, want)
				}
			}
			ask[dict](t, machines[2], "device_add", dict{"driver": "usb-mouse", "id": "next"})
			if got := usbDevices(t, machines[2]); !strings.Contains(got, tc.want) {
				t.Errorf("the destination then has\n%s, want\n%s", got, tc.want)
			}
		})
	}
}

// usbDevices is what "info usb" shows.
func usbDevices(t *testing.T, c *client.Client) string {
	t.Helper()
	return ask[string](t, c, "human-monitor-command", dict{"command-line": "info usb"})
}
