package xhci_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
)

// recording is what a guest read of a device on QEMU 11.1.3, through a
// qemu-xhci in slot 4.
type recording struct {
	Driver                                                      string
	Props                                                       []string
	Port                                                        int
	Device, Config, Config1, Qualifier, Other, BOS, Report, Hub string
	Strings                                                     map[string]string
}

// Devices say of themselves, byte for byte, what those of a real QEMU say.
func TestRecordedDescriptors(t *testing.T) {
	raw, err := os.ReadFile("testdata/descriptors-11.1.3.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []recording
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for _, want := range list {
		t.Run(want.Driver+strings.Join(want.Props, ","), func(t *testing.T) {
			m := usbtest.New(t)
			g := m.Boot(m.Add("qemu-xhci", "id", "x", "addr", "4"))
			got := recording{Driver: want.Driver, Props: want.Props, Port: want.Port, Strings: map[string]string{}}
			props := []any{"port", "1", "id", "dev"}
			if want.Driver == "usb-storage" {
				m.AddDrive("d", 1<<20)
				props = append(props, "drive", "d")
			}
			for _, p := range want.Props {
				switch name, value, _ := strings.Cut(p, "="); name {
				case "usb_version":
					props = append(props, name, int(value[0]-'0'))
				default:
					props = append(props, name, value == "on")
				}
			}
			m.Env.Ready = false // attached at once, as on a command line
			d := m.Add(want.Driver, props...)
			m.Env.Ready = true
			s, code := g.Address(want.Port, 0)
			if s == nil {
				t.Fatalf("not addressed: code %d; device %v", code, d)
			}
			read := func(r usb.Request) string {
				b, code := g.Control(s, r, 255, nil)
				if code != 1 {
					return ""
				}
				return hex.EncodeToString(b)
			}
			got.Device, got.Config, got.Config1 = read(getDescriptor(1, 0)), read(getDescriptor(2, 0)), read(getDescriptor(2, 1))
			got.Qualifier, got.Other, got.BOS = read(getDescriptor(6, 0)), read(getDescriptor(7, 0)), read(getDescriptor(15, 0))
			for _, i := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xee} {
				if v := read(getDescriptor(3, uint8(i))); v != "" {
					got.Strings[strconv.Itoa(i)] = v
				}
			}
			if want.Report != "" {
				got.Report = read(usb.Request{Type: 0x81, Code: 6, Value: 0x2200})
			}
			if want.Hub != "" {
				got.Hub = read(usb.Request{Type: 0xa0, Code: 6, Value: 0x2900})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-recorded +got):\n%s", diff)
			}
		})
	}
}
