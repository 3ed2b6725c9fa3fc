package hid_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/input"
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
		events []input.Event
		want   [][]byte
	}{
		"usb-mouse": {[]input.Event{
			move(input.Relative, "x", -3), move(input.Relative, "y", 300), press(input.WheelUp, true), press(input.Right, true),
		}, [][]byte{{2, 0xfd, 0x7f, 1}, {2, 0, 0x7f, 0}, {2, 0, 0x2e, 0}}},
		"usb-tablet": {[]input.Event{
			move(input.Absolute, "x", 0x7fff), move(input.Absolute, "y", 5), press(input.Left, true), press(input.WheelDown, true),
		}, [][]byte{{1, 0xff, 0x7f, 5, 0, 0xff}}},
		"usb-kbd":          {[]input.Event{stroke("shift", true), stroke("a", true)}, [][]byte{{2, 0, 0, 0, 0, 0, 0, 0}, {2, 0, 4, 0, 0, 0, 0, 0}}},
		"usb-wacom-tablet": {[]input.Event{move(input.Relative, "x", 1), move(input.Relative, "y", 2)}, [][]byte{{0, 1, 2, 0}}},
	} {
		d := m.Add(driver, "id", driver).Self().(*hid.Device)
		packet(&d.Device, 0, usb.Setup, usb.Request{Code: 9, Value: 1}, 0)
		if _, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8); s != usb.Nak {
			t.Errorf("%s: %v before anything happened", driver, s)
		}
		do(d, tc.events...)
		for _, want := range tc.want {
			got, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8)
			if diff := cmp.Diff(want, got); diff != "" || s != usb.Success {
				t.Errorf("%s: %v, report (-want +got):\n%s", driver, s, diff)
			}
		}
		if _, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8); s != usb.Nak {
			t.Errorf("%s: %v after the report", driver, s)
		}
	}
}

func move(k input.Kind, axis string, n int) input.Event {
	return input.Event{Kind: k, Axis: axis, Value: n}
}

func press(b input.ButtonName, down bool) input.Event {
	return input.Event{Kind: input.Button, Button: b, Down: down}
}

func stroke(k input.KeyName, down bool) input.Event {
	return input.Event{Kind: input.Key, Key: k, Down: down}
}

// do hands events to a device.
func do(d *hid.Device, events ...input.Event) {
	for _, e := range events {
		d.Receive(e)
	}
	d.Sync()
}

// Movements add up until a button changes; then each state is a report of its
// own, of which 15 wait.
func TestMovementsMerge(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	d := m.Add("usb-mouse").Self().(*hid.Device)
	packet(&d.Device, 0, usb.Setup, usb.Request{Code: 9, Value: 1}, 0)
	for range 4 {
		do(d, move(input.Relative, "x", 2))
	}
	do(d, press(input.Left, true))
	for range 3 {
		do(d, move(input.Relative, "y", -1))
	}
	next := func() []byte {
		b, _ := packet(&d.Device, 1, usb.In, usb.Request{}, 4)
		return b
	}
	if diff := cmp.Diff([][]byte{{0, 8, 0, 0}, {1, 0, 0xfd, 0}, {}}, [][]byte{next(), next(), next()}); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	for i := range 40 {
		do(d, press(input.Left, i%2 == 1))
	}
	n := 0
	for len(next()) > 0 {
		n++
	}
	if n != 15 {
		t.Errorf("%d reports waited", n)
	}
}

// Six keys fit; with a seventh the report says that there are too many.
func TestRollOver(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	d := m.Add("usb-kbd").Self().(*hid.Device)
	packet(&d.Device, 0, usb.Setup, usb.Request{Code: 9, Value: 1}, 0)
	for _, k := range []input.KeyName{"a", "b", "c", "d", "e", "f", "g"} {
		do(d, stroke(k, true))
	}
	state := func() []byte {
		b, _ := packet(&d.Device, 0, usb.Setup, usb.Request{Type: 0xa1, Code: 1}, 8)
		return b
	}
	for range 6 {
		state()
	}
	if diff := cmp.Diff([]byte{0, 0, 1, 1, 1, 1, 1, 1}, state()); diff != "" {
		t.Errorf("seven keys (-want +got):\n%s", diff)
	}
	do(d, stroke("a", false))
	if diff := cmp.Diff([]byte{0, 0, 10, 5, 6, 7, 8, 9}, state()); diff != "" {
		t.Errorf("six keys (-want +got):\n%s", diff)
	}
	for range 40 {
		do(d, stroke("up", true), stroke("up", false))
	}
	n := 0
	for {
		if _, s := packet(&d.Device, 1, usb.In, usb.Request{}, 8); s != usb.Success {
			break
		}
		n++
	}
	if n != 8 {
		t.Errorf("%d strokes of two scan codes each waited", n)
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
