package xhci_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
	"github.com/qomd/qomd/devices/usb/xhci"
	"github.com/qomd/qomd/qom"
)

const (
	connected   = 1 << 0
	connectChg  = 1 << 17
	portChanged = 34
)

// The guest sees devices come and go: an event for the port, and its status.
func TestPortStatusChange(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	expect := func(what string, port int, bits uint32) {
		t.Helper()
		ev := g.Events()
		if len(ev) != 1 || ev[0].Kind() != portChanged || ev[0].Param>>24 != uint64(port) {
			t.Errorf("%s: events %+v, want a change of port %d", what, ev, port)
		}
		if got := g.PORTSC(port) & (connected | connectChg); got != bits {
			t.Errorf("%s: PORTSC %#x, want bits %#x", what, g.PORTSC(port), bits)
		}
		g.SetPORTSC(port, 0x200|connectChg)
		if got := g.PORTSC(port) & connectChg; got != 0 {
			t.Errorf("%s: change bit stays: PORTSC %#x", what, g.PORTSC(port))
		}
	}
	m.AddDrive("d", 4096)
	m.Add("usb-tablet", "id", "t", "port", "2")
	expect("high speed plugged", usb2Port+1, connected|connectChg)
	m.Add("usb-storage", "id", "s", "port", "3", "drive", "d")
	expect("super speed plugged", 3, connected|connectChg)
	m.Del("t")
	expect("high speed unplugged", usb2Port+1, connectChg)
	m.Del("s")
	expect("super speed unplugged", 3, connectChg)
	if diff := cmp.Diff([]string{
		"DEVICE_DELETED t /machine/peripheral/t",
		"DEVICE_DELETED /machine/peripheral/s/s.0/legacy[0]",
		"DEVICE_DELETED s /machine/peripheral/s",
	}, m.TakeEvents()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// slowDevice plugs a device that keeps its packets and queues one of n bytes
// in each direction.
func slowDevice(t *testing.T, g *usbtest.Guest, n int) (*usbtest.Slow, *usbtest.GuestSlot, uint64) {
	t.Helper()
	slow := g.M.Add(usbtest.SlowType, "id", "slow", "bus", "x.0").Self().(*usbtest.Slow)
	s, code := g.Address(usb2Port, 0)
	if s == nil {
		t.Fatalf("not addressed: code %d", code)
	}
	enumerate(t, g, s)
	for id, typ := range map[int]int{2: 2, 3: 6} {
		if code := g.Configure(s, id, typ, 512); code != 1 {
			t.Fatalf("configure endpoint %d: code %d", id, code)
		}
	}
	g.Queue(s, 2, n)
	buf, _ := g.Queue(s, 3, n)
	if len(slow.Packets) != 2 {
		t.Fatalf("%d packets in flight, want 2", len(slow.Packets))
	}
	return slow, s, buf
}

func kinds(o *qom.Object) map[string]int {
	n := map[string]int{}
	for _, h := range o.Holds() {
		n[h.Kind().String()]++
	}
	return n
}

func TestAsyncCompletion(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	slow, _, buf := slowDevice(t, g, 5000)
	if got := kinds(&slow.Object)["packet"]; got != 2 {
		t.Errorf("%d packets in the ledger, want 2", got)
	}
	g.Events()
	in := slow.Packets[1]
	in.Write([]byte("hello"))
	in.Status = usb.Success
	in.Complete()
	if got := string(g.Peek(buf, 5)); got != "hello" {
		t.Errorf("guest got %q", got)
	}
	ev := g.Events()
	if len(ev) != 1 || ev[0].Code() != 13 || ev[0].Left() != 4995 {
		t.Errorf("event %+v, want a short packet", ev)
	}
	if got := kinds(&slow.Object)["packet"]; got != 1 {
		t.Errorf("%d packets in the ledger, want 1", got)
	}
}

// Unplugging ends what is in flight: cancelled, unmapped, and gone.
func TestUnplugInFlight(t *testing.T) {
	for name, unplug := range map[string]string{"device": "slow", "controller": "x"} {
		t.Run(name, func(t *testing.T) {
			m := usbtest.New(t)
			g := m.Boot(m.Add("qemu-xhci", "id", "x"))
			other := m.Add("qemu-xhci", "id", "y")
			target := m.Boot(other).Base + 0x1000
			slow, s, _ := slowDevice(t, g, 512)
			// Another transfer leads to the registers of the other controller: it
			// holds that one's core, through a bounce buffer.
			slow.Packets[0].Status = usb.Success
			slow.Packets[0].Complete()
			g.QueueAt(s, 2, target, 64)
			core := &other.Self().(*xhci.PCI).Core().Object
			if got := kinds(core)["dma-map"]; got != 1 {
				t.Fatalf("the other core is held by %v", kinds(core))
			}
			storage := slow.Storage()
			m.Del(unplug)
			if slow.Canceled != 2 {
				t.Errorf("%d packets cancelled, want 2", slow.Canceled)
			}
			if !storage.Freed() {
				t.Error("storage of the device is not freed")
			}
			if got := kinds(core)["dma-map"]; got != 0 {
				t.Errorf("the other core is still held by %v", kinds(core))
			}
			m.Check()
		})
	}
}

// A mapping of a register block holds the core, not the function; both stay
// until it is released, and the events wait for that.
func TestHeldCore(t *testing.T) {
	m := usbtest.New(t)
	d := m.Add("qemu-xhci", "id", "x")
	g := m.Boot(d)
	core := d.Self().(*xhci.PCI).Core()
	mapping, err := memory.DMAMap(m.Space, g.Base+0x1000, 512, memory.FromDevice, "test request 1")
	if err != nil {
		t.Fatal(err)
	}
	if got := kinds(&core.Object)["dma-map"]; got != 1 {
		t.Errorf("core is held by %v", kinds(&core.Object))
	}
	storage := d.Storage()
	m.Del("x")
	if ev := m.TakeEvents(); ev != nil {
		t.Errorf("events while the core is held: %v", ev)
	}
	if storage.Freed() || core.Phase() != qom.Live {
		t.Errorf("storage freed %v, core %s while it is held", storage.Freed(), core.Phase())
	}
	if _, err := m.TryAdd("qemu-xhci", "id", "x"); err == nil || err.Error() != "Duplicate device ID 'x'" {
		t.Errorf("id taken again before the event: %v", err)
	}
	// Late accesses find nothing, by whatever way they come.
	if v, res := m.Space.ReadN(g.Base, 4); v != 0 || res != memory.DecodeError {
		t.Errorf("late read: %#x, result %d", v, res)
	}
	if late := core.Gate().Closed(); !late {
		t.Error("gate of the core is open")
	}
	mapping.Unmap(512)
	m.Settle()
	if diff := cmp.Diff([]string{
		"DEVICE_DELETED /machine/peripheral/x/xhci-core",
		"DEVICE_DELETED x /machine/peripheral/x",
	}, m.TakeEvents()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if !storage.Freed() || !strings.Contains(storage.LastHolder(), "test request 1") {
		t.Errorf("storage freed %v, last holder %q", storage.Freed(), storage.LastHolder())
	}
	m.Add("qemu-xhci", "id", "x")
}

// A reader that looked a register block up before the unplug gets what an empty
// place answers.
func TestLateAccess(t *testing.T) {
	m := usbtest.New(t)
	d := m.Add("qemu-xhci", "id", "x")
	g := m.Boot(d)
	core := d.Self().(*xhci.PCI).Core()
	section, ok := memory.Find(m.Space, g.Base+0x40, 8, "reader")
	if !ok {
		t.Fatal("nothing at the operational registers")
	}
	if v, res := section.ReadN(0, 4); v != 5 || res != memory.OK {
		t.Fatalf("USBCMD %#x, result %d", v, res)
	}
	m.Del("x")
	if v, res := section.ReadN(0, 4); v != 0 || res != memory.DecodeError {
		t.Errorf("late read %#x, result %d", v, res)
	}
	if res := section.WriteN(0, 4, 1); res != memory.DecodeError {
		t.Errorf("late write: result %d", res)
	}
	if r, w := core.Gate().Late(); r != 1 || w != 1 {
		t.Errorf("gate counted %d reads and %d writes", r, w)
	}
	section.Release()
	m.Settle()
}

// A romfile that does not exist fails the function after its core was realized:
// the core's end is announced, as in QEMU.
func TestRealizeFails(t *testing.T) {
	m := usbtest.New(t)
	if _, err := m.TryAdd("qemu-xhci", "id", "q", "romfile", "nonexist"); err == nil {
		t.Fatal("realized with a missing option ROM")
	}
	if diff := cmp.Diff([]string{"DEVICE_DELETED /machine/peripheral/q/xhci-core"}, m.TakeEvents()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	m.Check()
	m.Add("qemu-xhci", "id", "q")
}
