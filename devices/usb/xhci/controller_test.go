package xhci_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/usb/usbtest"
	"github.com/qomd/qomd/devices/usb/xhci"
	"github.com/qomd/qomd/qom"
)

// regions lists the regions of an object with address and size.
func regions(t *testing.T, o *qom.Object) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, c := range o.Children() {
		if c.TypeName() != "memory-region" {
			continue
		}
		addr, _ := c.Get("addr")
		size, _ := c.Get("size")
		container, _ := c.Get("container")
		out[c.Name()] = fmt.Sprint(addr, " ", size, " ", container)
	}
	return out
}

// The objects and values that a real qemu-xhci shows.
func TestTree(t *testing.T) {
	m := usbtest.New(t)
	d := m.Add("qemu-xhci", "id", "xhci")
	core := d.Child("xhci-core")
	if core == nil || core.TypeName() != "base-xhci" {
		t.Fatalf("xhci-core is %v", core)
	}
	const bar = "/machine/peripheral/xhci/xhci-core/xhci[0]"
	want := map[string]string{
		"xhci[0]":         "0 16384 ",
		"capabilities[0]": "0 64 " + bar,
		"operational[0]":  "64 1024 " + bar,
		"runtime[0]":      "4096 544 " + bar,
		"doorbell[0]":     "8192 2080 " + bar,
	}
	for i := range 4 {
		want[fmt.Sprintf("usb3 port #%d[0]", i+1)] = fmt.Sprint(1088+16*i, " 16 ", bar)
		want[fmt.Sprintf("usb2 port #%d[0]", i+1)] = fmt.Sprint(1152+16*i, " 16 ", bar)
	}
	if diff := cmp.Diff(want, regions(t, core)); diff != "" {
		t.Errorf("regions of the core (-want +got):\n%s", diff)
	}
	own := regions(t, &d.Object)
	for name, w := range map[string]string{"msix-table[0]": "12288 256 " + bar, "msix-pba[0]": "14336 8 " + bar} {
		if own[name] != w {
			t.Errorf("%s: %s, want %s", name, own[name], w)
		}
	}
	bus := d.Child("xhci.0")
	if bus == nil || bus.TypeName() != "usb-bus" {
		t.Fatalf("xhci.0 is %v", bus)
	}
	for _, tc := range []struct {
		o          *qom.Object
		name, want string
	}{
		{&d.Object, "p2", "4"}, {&d.Object, "p3", "4"}, {core, "p2", "4"},
		{&d.Object, "host", "/machine/peripheral/xhci"}, {core, "host", "/machine/peripheral/xhci"},
		{&d.Object, "streams", "true"}, {core, "parent_bus", ""}, {core, "realized", "true"},
		{&d.Object, "msi", "off"}, {&d.Object, "msix", "auto"},
		{bus, "hotplug-handler", "/machine/peripheral/xhci/xhci.0"}, {bus, "realized", "true"},
	} {
		v, err := tc.o.Get(tc.name)
		if got := fmt.Sprint(v); err != nil || got != tc.want {
			t.Errorf("%s.%s: %s (%v), want %s", tc.o.Path(), tc.name, got, err, tc.want)
		}
	}
}

func TestProperties(t *testing.T) {
	m := usbtest.New(t)
	d := m.Add("qemu-xhci", "id", "x", "p2", 255, "p3", 1000)
	for _, name := range []string{"p2", "p3"} {
		if v, err := d.Get(name); fmt.Sprint(v) != "15" || err != nil {
			t.Errorf("%s: %v, %v, want 15", name, v, err)
		}
	}
	for name, tc := range map[string]struct{ value, err string }{
		"host": {"/machine", "Invalid parameter type for 'host', expected: device"},
	} {
		if _, err := m.TryAdd("qemu-xhci", "id", "y", name, tc.value); err == nil || err.Error() != tc.err {
			t.Errorf("%s=%s: %v, want %s", name, tc.value, err, tc.err)
		}
	}
	err := d.Set("host", qom.Value(""))
	if want := "Attempt to set link property 'host' on device '(null)' (type 'base-xhci') after it was realized"; err == nil || err.Error() != want {
		t.Errorf("host after realize: %v, want %s", err, want)
	}
	err = d.Set("p2", qom.Value(int64(1)))
	if want := "Attempt to set property 'p2' on anonymous device (type 'base-xhci') after it was realized"; err == nil || err.Error() != want {
		t.Errorf("p2 after realize: %v, want %s", err, want)
	}
	n := m.Add("nec-usb-xhci", "id", "n", "intrs", 4)
	if v, _ := n.Get("intrs"); fmt.Sprint(v) != "4" {
		t.Errorf("intrs reads %v", v)
	}
	if got := regions(t, &n.Object)["msix-table[0]"][:9]; got != "12288 256" {
		t.Errorf("table of nec-usb-xhci: %s; the property comes too late to count", got)
	}
}

func TestCapabilityRegisters(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x", "p2", 3, "p3", 2))
	want := map[uint64]uint32{
		0x00: 0x01000040, 0x04: 0x05001040, 0x08: 0xf, 0x0c: 0, 0x10: 0x00087001, 0x14: 0x2000, 0x18: 0x1000,
		0x20: 0x02000402, 0x24: 0x20425355, 0x28: 0x303, 0x30: 0x03000002, 0x34: 0x20425355, 0x38: 0x201,
		0x48: 1, // page size
	}
	for at, w := range want {
		if got := g.R(at); got != w {
			t.Errorf("register %#x: %#x, want %#x", at, got, w)
		}
	}
	if v, _ := m.Space.ReadN(g.Base, 1); v != 0x40 {
		t.Errorf("CAPLENGTH read as a byte: %#x", v)
	}
}

// Interrupts by line, and by MSI on the controller that has it.
func TestInterrupts(t *testing.T) {
	t.Run("line", func(t *testing.T) {
		m := usbtest.New(t)
		g := m.Boot(m.Add("qemu-xhci", "id", "x", "msix", "off"))
		m.Add("usb-tablet", "port", "1")
		if !m.Line {
			t.Fatal("line is not asserted")
		}
		g.W(0x1020, 3) // acknowledge
		if m.Line {
			t.Error("line stays asserted")
		}
		g.Events()
		m.Add("usb-tablet", "port", "2")
		if !m.Line {
			t.Error("line is not asserted again")
		}
	})
	t.Run("MSI", func(t *testing.T) {
		m := usbtest.New(t)
		d := m.Add("nec-usb-xhci", "id", "x", "msix", "off")
		g := m.Boot(d)
		g.Func.WriteConfig(0x74, 4, usbtest.MSIBase)
		g.Func.WriteConfig(0x78, 4, 0)
		g.Func.WriteConfig(0x7c, 2, 0x41)
		g.Func.WriteConfig(0x72, 2, 0x0001)
		m.Add("usb-tablet")
		if diff := cmp.Diff([]uint32{0x41}, m.Messages); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		if m.Line {
			t.Error("line is asserted too")
		}
	})
}

// Commands that make no sense are answered, not obeyed.
func TestBadCommands(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	m.Add("usb-tablet", "port", "1")
	for name, tc := range map[string]struct {
		t    usbtest.TRB
		code int
	}{
		"no such command":              {usbtest.TRB{Control: 63 << 10}, 5},
		"nothing to do":                {usbtest.TRB{Control: 23 << 10}, 1},
		"slot 0":                       {usbtest.TRB{Control: 10 << 10}, 11},
		"slot that is not enabled":     {usbtest.TRB{Control: 11<<10 | 7<<24}, 11},
		"slot beyond the last":         {usbtest.TRB{Control: 10<<10 | 200<<24}, 11},
		"port bandwidth":               {usbtest.TRB{Param: 0x2000, Control: 21 << 10}, 1},
		"endpoint that is not enabled": {usbtest.TRB{Control: 15<<10 | 1<<24 | 9<<16}, 11},
	} {
		if e := g.Command(tc.t); e.Code() != tc.code {
			t.Errorf("%s: code %d, want %d", name, e.Code(), tc.code)
		}
	}
	s, _ := g.Address(usb2Port, 0)
	n := uint32(s.Number) << 24
	for name, tc := range map[string]struct {
		t    usbtest.TRB
		code int
	}{
		"stop an endpoint that is off":  {usbtest.TRB{Control: 15<<10 | n | 9<<16}, 12},
		"reset one that did not halt":   {usbtest.TRB{Control: 14<<10 | n | 1<<16}, 19},
		"move one that runs":            {usbtest.TRB{Control: 16<<10 | n | 1<<16}, 19},
		"configure without a slot flag": {usbtest.TRB{Param: g.Alloc(64), Control: 12<<10 | n}, 5},
	} {
		if e := g.Command(tc.t); e.Code() != tc.code {
			t.Errorf("%s: code %d, want %d", name, e.Code(), tc.code)
		}
	}
	for i := range 63 {
		if e := g.Command(usbtest.TRB{Control: 9 << 10}); e.Code() != 1 {
			t.Fatalf("slot %d: code %d", i+2, e.Code())
		}
	}
	if e := g.Command(usbtest.TRB{Control: 9 << 10}); e.Code() != 9 {
		t.Errorf("slot 65: code %d, want 9", e.Code())
	}
}

// Memory that cannot be reached stops the controller until it is reset.
func TestHostSystemError(t *testing.T) {
	const halted, hostError, controllerError = 1, 1 << 2, 1 << 12
	for name, harm := range map[string]func(g *usbtest.Guest){
		"bus master off":                 func(g *usbtest.Guest) { g.Func.WriteConfig(4, 2, 2) },
		"command ring outside of memory": func(g *usbtest.Guest) { g.W64(0x58, 0xd0000000|1) },
		"event ring of two segments": func(g *usbtest.Guest) {
			g.W(0x1028, 2)
			g.W64(0x1030, g.Alloc(32))
		},
		"links in a circle": func(g *usbtest.Guest) {
			at := g.Alloc(16)
			g.Poke64(at, at)
			g.Poke32(at+12, 6<<10|1)
			g.W64(0x58, at|1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := usbtest.New(t)
			g := m.Boot(m.Add("qemu-xhci", "id", "x"))
			harm(g)
			g.Ring(0, 0)
			const want = halted | hostError | controllerError
			if got := g.R(usbtest.RegUSBSTS) & want; got != want {
				t.Errorf("USBSTS %#x", g.R(usbtest.RegUSBSTS))
			}
			m.Add("usb-tablet")
			g.Func.WriteConfig(4, 2, 6)
			g.Start()
			if s, code := g.Address(usb2Port, 0); s == nil {
				t.Errorf("after a reset: code %d", code)
			}
		})
	}
}

// A system reset leaves the controller as it was before it was started.
func TestReset(t *testing.T) {
	m := usbtest.New(t)
	d := m.Add("qemu-xhci", "id", "x")
	g := m.Boot(d)
	slow, _, _ := slowDevice(t, g, 512)
	m.Env.SystemBus.ColdReset()
	m.Settle()
	if len(slow.Packets) != 0 {
		t.Errorf("%d packets survive the reset", len(slow.Packets))
	}
	g = m.Boot(d)
	if got := g.PORTSC(usb2Port) & connected; got == 0 {
		t.Errorf("PORTSC %#x after reset", g.PORTSC(usb2Port))
	}
	if s, code := g.Address(usb2Port, 0); s == nil {
		t.Errorf("not addressed after reset: code %d", code)
	}
	if d.Self().(*xhci.PCI).Core().Phase() != qom.Live {
		t.Error("core is not live")
	}
}
