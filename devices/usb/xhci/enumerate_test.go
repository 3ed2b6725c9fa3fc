package xhci_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
)

var getDescriptor = func(typ, index uint8) usb.Request {
	return usb.Request{Type: 0x80, Code: 6, Value: uint16(typ)<<8 | uint16(index)}
}

func text(b []byte) string {
	var u []uint16
	for i := 2; i+1 < len(b); i += 2 {
		u = append(u, binary.LittleEndian.Uint16(b[i:]))
	}
	return string(utf16.Decode(u))
}

// enumerate reads what a device says of itself, as a guest does first.
func enumerate(t *testing.T, g *usbtest.Guest, s *usbtest.GuestSlot) string {
	t.Helper()
	dev, code := g.Control(s, getDescriptor(1, 0), 18, nil)
	if code != 1 || len(dev) != 18 {
		t.Fatalf("device descriptor: %x, code %d", dev, code)
	}
	le := binary.LittleEndian
	name, _ := g.Control(s, getDescriptor(3, dev[15]), 255, nil)
	serial, _ := g.Control(s, getDescriptor(3, dev[16]), 255, nil)
	head, _ := g.Control(s, getDescriptor(2, 0), 9, nil)
	config, code := g.Control(s, getDescriptor(2, 0), int(le.Uint16(head[2:])), nil)
	if code != 1 || len(config) != int(le.Uint16(head[2:])) {
		t.Fatalf("configuration descriptor: %x, code %d", config, code)
	}
	var parts []string
	for at := 0; at+1 < len(config) && config[at] > 0; at += int(config[at]) {
		parts = append(parts, fmt.Sprint(config[at+1]))
	}
	if _, code := g.Control(s, usb.Request{Code: 9, Value: uint16(config[5])}, 0, nil); code != 1 {
		t.Fatalf("set configuration: code %d", code)
	}
	return fmt.Sprintf("%04x:%04x usb %x class %d %q serial %q descriptors %s",
		le.Uint16(dev[8:]), le.Uint16(dev[10:]), le.Uint16(dev[2:]), dev[4], text(name), text(serial), strings.Join(parts, " "))
}

// usb2Port is the number of the first USB 2.0 port of a controller with four
// ports of each protocol.
const usb2Port = 5

func TestEnumerate(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x", "addr", "4"))
	m.AddDrive("d", 1<<20)
	for i, tc := range []struct {
		driver string
		props  []any
		port   int
		want   string
	}{
		{"usb-tablet", nil, usb2Port, `0627:0001 usb 200 class 0 "QEMU USB Tablet" serial "28754-0000:00:04.0-1" descriptors 2 4 33 5`},
		{"usb-hub", nil, usb2Port + 1, `0409:55aa usb 110 class 9 "QEMU USB Hub" serial "314159-0000:00:04.0-2" descriptors 2 4 5`},
		{"usb-storage", []any{"drive", "d", "serial", "S1"}, 3, `46f4:0001 usb 300 class 0 "QEMU USB HARDDRIVE" serial "S1" descriptors 2 4 5 48 5 48`},
		{"usb-ccid", nil, usb2Port + 3, `08e6:4433 usb 110 class 0 "QEMU USB CCID" serial "1-0000:00:04.0-4" descriptors 2 4 33 5 5 5`},
	} {
		m.Add(tc.driver, append(tc.props, "port", fmt.Sprint(i+1))...)
		s, code := g.Address(tc.port, 0)
		if s == nil {
			t.Fatalf("%s: not addressed, code %d, PORTSC %#x", tc.driver, code, g.PORTSC(tc.port))
		}
		if got := enumerate(t, g, s); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.driver, got, tc.want)
		}
	}
}

// A guest finds a device behind a hub by the hub's own requests and a route.
func TestBehindHub(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	m.Add("usb-hub", "id", "hub", "port", "1")
	m.Add("usb-mouse", "id", "mouse", "port", "1.3")
	hub, _ := g.Address(usb2Port, 0)
	enumerate(t, g, hub)
	desc, code := g.Control(hub, usb.Request{Type: 0xa0, Code: 6, Value: 0x2900}, 16, nil)
	if code != 1 || len(desc) < 3 || desc[2] != 8 {
		t.Fatalf("hub descriptor %x, code %d", desc, code)
	}
	if id := 3; g.Configure(hub, id, 7, 2) != 1 {
		t.Fatal("status change endpoint refused")
	}
	buf, _ := g.Queue(hub, 3, 2)
	if got := g.Peek(buf, 1)[0]; got != 1<<3 {
		t.Errorf("status change bits %#x, want port 3", got)
	}
	status, _ := g.Control(hub, usb.Request{Type: 0xa3, Code: 0, Index: 3}, 4, nil)
	if diff := cmp.Diff([]byte{0x01, 0x01, 0x01, 0x00}, status); diff != "" {
		t.Errorf("port status (-want +got):\n%s", diff)
	}
	g.Control(hub, usb.Request{Type: 0x23, Code: 3, Value: 4, Index: 3}, 0, nil) // reset
	mouse, code := g.Address(usb2Port, 3)
	if mouse == nil {
		t.Fatalf("device behind the hub not addressed, code %d", code)
	}
	if got := enumerate(t, g, mouse); !strings.Contains(got, "QEMU USB Mouse") {
		t.Errorf("behind the hub: %s", got)
	}
}

// An interrupt transfer waits without being in flight until somebody moves the
// pointer; the report arrives with an interrupt message.
func TestInterruptTransfer(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	m.Add("usb-tablet", "id", "t")
	s, _ := g.Address(usb2Port, 0)
	enumerate(t, g, s)
	if code := g.Configure(s, 3, 7, 8); code != 1 {
		t.Fatalf("configure endpoint: code %d", code)
	}
	buf, block := g.Queue(s, 3, 8)
	if ev := g.Events(); len(ev) != 0 {
		t.Fatalf("events before anything happened: %v", ev)
	}
	m.Messages = nil
	m.Env.Input.Send(input.Event{Kind: input.Absolute, Axis: "x", Value: 0x1234}, input.Event{Kind: input.Absolute, Axis: "y", Value: 0x4321},
		input.Event{Kind: input.Button, Button: input.WheelUp, Down: true}, input.Event{Kind: input.Button, Button: input.Left, Down: true})
	if diff := cmp.Diff([]uint32{0x77}, m.Messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	ev := g.Events()
	if len(ev) != 1 || ev[0].Kind() != 32 || ev[0].Code() != 13 || ev[0].Param != block || ev[0].Left() != 2 {
		t.Fatalf("transfer event: %+v", ev)
	}
	if diff := cmp.Diff([]byte{1, 0x34, 0x12, 0x21, 0x43, 1}, g.Peek(buf, 6)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
