package hid_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/hid"
	"github.com/qomd/qomd/devices/usb/usbtest"
)

// packet is a transaction without a controller.
func packet(d *usb.Device, number uint8, pid usb.PID, r usb.Request, n int) ([]byte, usb.Status) {
	var p usb.Packet
	p.Prepare(d.Endpoint(number, pid == usb.In), pid, 1)
	r.Length = uint16(n)
	p.Request = r.Bytes()
	buf := make([]byte, n)
	p.AddBytes(buf)
	p.Submit()
	return buf[:p.Actual], p.Status
}

func TestReports(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	for driver, tc := range map[string]struct {
		act  func(*hid.Device)
		want []byte
	}{
		"usb-mouse":        {func(d *hid.Device) { d.Pointer(-3, 300, -1, 2) }, []byte{2, 0xfd, 0x7f, 0xff}},
		"usb-tablet":       {func(d *hid.Device) { d.Pointer(0x7fff, -5, 0, 1) }, []byte{1, 0xff, 0x7f, 0, 0, 0}},
		"usb-kbd":          {func(d *hid.Device) { d.Key(0xe1, true) }, []byte{2, 0, 0, 0, 0, 0, 0, 0}},
		"usb-wacom-tablet": {func(d *hid.Device) { d.Pointer(1, 2, 0, 0) }, []byte{0, 1, 2, 0}},
	} {
		d := m.Add(driver, "id", driver).Self().(*hid.Device)
		packet(&d.Device, 0, usb.Setup, usb.Request{Code: 9, Value: 1}, 0)
		if _, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8); s != usb.Nak {
			t.Errorf("%s: %v before anything happened", driver, s)
		}
		tc.act(d)
		got, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8)
		if diff := cmp.Diff(tc.want, got); diff != "" || s != usb.Success {
			t.Errorf("%s: %v, report (-want +got):\n%s", driver, s, diff)
		}
		if _, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8); s != usb.Nak {
			t.Errorf("%s: %v after the report", driver, s)
		}
	}
}

// Six keys fit; with a seventh the report says that there are too many.
func TestRollOver(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	d := m.Add("usb-kbd").Self().(*hid.Device)
	for k := uint8(4); k < 11; k++ {
		d.Key(k, true)
	}
	state := func() []byte {
		b, _ := packet(&d.Device, 0, usb.Setup, usb.Request{Type: 0xa1, Code: 1}, 8)
		return b
	}
	if diff := cmp.Diff([]byte{0, 0, 1, 1, 1, 1, 1, 1}, state()); diff != "" {
		t.Errorf("seven keys (-want +got):\n%s", diff)
	}
	d.Key(4, false)
	if diff := cmp.Diff([]byte{0, 0, 5, 6, 7, 8, 9, 10}, state()); diff != "" {
		t.Errorf("six keys (-want +got):\n%s", diff)
	}
}

// A guest that sets a repeat rate gets the state again and again; without one
// only changes. The timer goes with the device.
func TestIdle(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	d := m.Add("usb-kbd", "id", "k").Self().(*hid.Device)
	packet(&d.Device, 0, usb.Setup, usb.Request{Code: 9, Value: 1}, 0)
	packet(&d.Device, 0, usb.Setup, usb.Request{Type: 0x21, Code: 0x0a, Value: 25 << 8}, 0) // 100 ms
	if b, _ := packet(&d.Device, 0, usb.Setup, usb.Request{Type: 0xa1, Code: 2}, 1); b[0] != 25 {
		t.Errorf("rate reads %d", b[0])
	}
	for _, tc := range []struct {
		wait time.Duration
		want usb.Status
	}{{99 * time.Millisecond, usb.Nak}, {time.Millisecond, usb.Success}, {0, usb.Nak}, {100 * time.Millisecond, usb.Success}} {
		m.Clock.Step(tc.wait)
		if _, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8); s != tc.want {
			t.Errorf("after %v: %v, want %v", tc.wait, s, tc.want)
		}
	}
	m.Del("k")
	if n := m.Clock.Pending(); n != 0 {
		t.Errorf("%d timers left", n)
	}
}

func TestProtocol(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	set := usb.Request{Type: 0x21, Code: 0x0b}
	mouse := m.Add("usb-mouse").Self().(*hid.Device)
	if _, s := packet(&mouse.Device, 0, usb.Setup, set, 0); s != usb.Success {
		t.Errorf("boot protocol of a mouse: %v", s)
	}
	if b, _ := packet(&mouse.Device, 0, usb.Setup, usb.Request{Type: 0xa1, Code: 3}, 1); b[0] != 0 {
		t.Errorf("protocol reads %d", b[0])
	}
	tablet := m.Add("usb-tablet").Self().(*hid.Device)
	if _, s := packet(&tablet.Device, 0, usb.Setup, set, 0); s != usb.Stall {
		t.Errorf("boot protocol of a tablet: %v", s)
	}
	report, _ := packet(&tablet.Device, 0, usb.Setup, usb.Request{Type: 0x81, Code: 6, Value: 0x2200}, 255)
	config, _ := packet(&tablet.Device, 0, usb.Setup, usb.Request{Type: 0x80, Code: 6, Value: 0x0200}, 255)
	if len(report) == 0 || int(config[25]) != len(report) {
		t.Errorf("report descriptor has %d bytes, announced %d", len(report), config[25])
	}
	if _, s := packet(&mouse.Device, 0, usb.Setup, usb.Request{Type: 0x21, Code: 9}, 1); s != usb.Success {
		t.Errorf("set report: %v", s)
	}
}
