package lifetime_test

import (
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// native has the ports of q35 handle hot-plug themselves.
func native() qmptest.Option {
	return qmptest.Args("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
}

// Registers of a slot of PCI Express: control, and the value that says power off
// and indicator off.
const (
	slotControl = 0x6c
	slotOff     = 0x7c0
)

// busy is what a repeated request is told.
func busy(id string) string { return "Device " + id + " is already in the process of unplug" }

// When a request to leave may be repeated: with ACPI at once, but never while
// virtual time is 0; at a PCI Express port after exactly five seconds of virtual
// time; at a standard hot-plug controller, and for memory and processors, always; after realized=false never.
func TestAcceptance05RepeatedRequest(t *testing.T) {
	t.Run("ACPI", func(t *testing.T) {
		r := newRig(t, qmptest.PC(), qmptest.Paused())
		r.add("e1000", "n", "addr", "6")
		r.del("n", "")
		r.del("n", busy("n"))
		r.c.Must("cont", nil)
		r.Step(10 * time.Second)
		r.del("n", busy("n")) // the request of time 0 has no end
		r.eject(6)
		r.wantEvents("RESUME", "n /n")
		r.add("e1000", "n", "addr", "6")
		r.del("n", "")
		r.del("n", "")
		r.del("n", "")
		r.eject(6)
		r.wantEvents("n /n")
		r.del("n", "Device 'n' not found")
	})
	t.Run("ACPI, reset ends the wait of time 0", func(t *testing.T) {
		r := newRig(t, qmptest.PC(), qmptest.Device("e1000,id=n,addr=6"))
		r.del("n", "")
		r.del("n", busy("n"))
		r.c.Must("system_reset", nil)
		r.wantEvents("RESET", "n /n")
	})
	t.Run("PCI Express", func(t *testing.T) {
		r := newRig(t, qmptest.Q35(), native(), qmptest.Device("pcie-root-port,id=rp0,chassis=1,addr=2"),
			qmptest.Device("e1000e,id=n,bus=rp0"))
		for range 2 { // the second request is good for five seconds again
			r.del("n", "")
			r.del("n", busy("n"))
			r.Step(4999 * time.Millisecond)
			r.del("n", busy("n"))
			r.Step(time.Millisecond)
		}
		r.del("n", "")
		r.config(0, 2, slotControl, 2, slotOff)
		r.wantEvents("n /n")
	})
	t.Run("PCI Express, stopped", func(t *testing.T) {
		r := newRig(t, qmptest.Q35(), native(), qmptest.Device("pcie-root-port,id=rp0,chassis=1,addr=2"),
			qmptest.Device("e1000e,id=n,bus=rp0"))
		r.Step(time.Second)
		r.del("n", "")
		r.c.Must("stop", nil)
		r.del("n", busy("n"))
		r.c.Must("cont", nil)
		r.wantEvents("STOP", "RESUME")
	})
	t.Run("SHPC", func(t *testing.T) {
		r := newRig(t, qmptest.Q35(), native(), qmptest.Device("pcie-pci-bridge,id=br,addr=5"),
			qmptest.Device("e1000,id=n,bus=br,addr=1"))
		for range 3 {
			r.del("n", "")
		}
		r.wantEvents()
	})
	for name, plug := range map[string]func(*testing.T) *rig{"memory": withDIMM, "CPU": withCPU} {
		t.Run(name, func(t *testing.T) {
			r := plug(t)
			for range 3 { // at virtual time 0, too
				r.del("d", "")
			}
			r.wantEvents()
		})
	}
	t.Run("USB, unrealized", func(t *testing.T) {
		r := newRig(t, qmptest.PC(), qmptest.Device("qemu-xhci,id=x,addr=6"), qmptest.Device("usb-mouse,id=m,bus=x.0"))
		r.Step(time.Second)
		realize := func(v bool) {
			r.c.Must("qom-set", qmptest.A{"path": "/machine/peripheral/m", "property": "realized", "value": v})
		}
		realize(false)
		r.Step(time.Hour)
		r.del("m", busy("m"))
		realize(true)
		r.del("m", "")
		r.wantEvents("m /m")
	})
}

// What a reset does to a pending request: ACPI carries it out, after RESET; a PCI
// Express port and a standard hot-plug controller forget the button, and the
// port still refuses another until its five seconds are over; memory and
// processors keep the request, and stay.
func TestAcceptance06Reset(t *testing.T) {
	t.Run("ACPI", func(t *testing.T) {
		r := newRig(t, qmptest.PC(), qmptest.Device("e1000,id=cold,addr=6"))
		r.add("qemu-xhci", "hot", "addr", "7")
		r.add("e1000", "stays", "addr", "8")
		r.tick()
		r.del("cold", "")
		r.del("hot", "")
		r.c.Must("system_reset", nil)
		r.wantEvents("RESET", "cold /cold", "/hot/xhci-core", "hot /hot")
		r.c.Must("system_reset", nil)
		r.wantEvents("RESET")
		r.object("/machine/peripheral/stays")
	})
	t.Run("ACPI, held", func(t *testing.T) {
		r := newRig(t, qmptest.PC(), qmptest.Device("qemu-xhci,id=x,addr=7"))
		release := r.Hold("/machine/peripheral/x/xhci-core")
		r.tick()
		r.del("x", "")
		r.c.Must("system_reset", nil)
		r.wantEvents("RESET")
		release()
		r.wantEvents("/x/xhci-core", "x /x")
	})
	t.Run("PCI Express", func(t *testing.T) {
		r := newRig(t, qmptest.Q35(), native(), qmptest.Device("pcie-root-port,id=rp0,chassis=1,addr=2"),
			qmptest.Device("e1000e,id=n,bus=rp0"))
		r.tick()
		r.del("n", "")
		r.c.Must("system_reset", nil)
		r.wantEvents("RESET")
		if status := r.readConfig(0, 2, slotControl+2, 2); status&1 != 0 {
			t.Errorf("slot status %#x: the button is still pressed", status)
		}
		r.del("n", busy("n"))
		r.Step(5 * time.Second)
		r.del("n", "")
		r.wantEvents()
	})
	t.Run("SHPC", func(t *testing.T) {
		r := newRig(t, qmptest.Q35(), native(), qmptest.Device("pcie-pci-bridge,id=br,addr=5"),
			qmptest.Device("e1000,id=n,bus=br,addr=1"))
		r.tick()
		r.del("n", "")
		r.c.Must("system_reset", nil)
		r.wantEvents("RESET")
		r.del("n", "")
		r.wantEvents()
	})
	for name, plug := range map[string]func(*testing.T) *rig{"memory": withDIMM, "CPU": withCPU} {
		t.Run(name, func(t *testing.T) {
			r := plug(t)
			r.tick()
			r.del("d", "")
			r.c.Must("system_reset", nil)
			r.wantEvents("RESET") // the request is kept, and nothing removed
			r.object("/machine/peripheral/d")
			r.del("d", "")
		})
	}
}

// withDIMM is a q35 with a memory module d, withCPU one with a second processor d.
func withDIMM(t *testing.T) *rig {
	r := newRig(t, qmptest.Q35(), qmptest.Args("-m", "64M,slots=2,maxmem=1G"), qmptest.Object("memory-backend-ram,id=mem1,size=128M"))
	r.add("pc-dimm", "d", "memdev", "mem1")
	return r
}

func withCPU(t *testing.T) *rig {
	r := newRig(t, qmptest.Q35(), qmptest.Args("-smp", "1,maxcpus=2,sockets=2"))
	r.add("qemu64-x86_64-cpu", "d", "socket-id", 1, "core-id", 0, "thread-id", 0)
	return r
}
