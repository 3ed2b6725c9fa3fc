package chipset_test

import (
	"testing"

	"github.com/qomd/qomd/qom"
)

const (
	slotControl = 0x6c // of a pcie-root-port
	slotStatus  = 0x6e
	port0       = 2 << 3
)

var native = global("ICH9-LPC", "acpi-pci-hotplug-with-bridge-support", "off")

// nativeRig has two ports that handle hot-plug themselves, and a device behind
// the first when cold is not empty.
func nativeRig(t *testing.T, cold string) *rig {
	r := newRig(t, "q35", native)
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1), "addr", "2")
	r.add("pcie-root-port", "id", "rp1", "chassis", int64(2), "addr", "3")
	if cold != "" {
		r.add("e1000e", "id", cold, "bus", "rp0")
	}
	r.start()
	return r
}

func (r *rig) slotIn(reg int) uint64 { return r.in(r.config(0, port0, reg), 2) }

func (r *rig) control(v uint64) { r.out(r.config(0, port0, slotControl), 2, v) }

func (r *rig) wantSlot(control, status uint64) {
	r.t.Helper()
	if c, s := r.slotIn(slotControl), r.slotIn(slotStatus); c != control || s != status {
		r.t.Errorf("slot control 0x%x, status 0x%x; want 0x%x, 0x%x", c, s, control, status)
	}
}

// What the guest never switched on goes at once.
func TestNativePoweredOff(t *testing.T) {
	r := nativeRig(t, "")
	defer r.finish()
	r.wantSlot(0x7c0, 0)
	r.add("e1000e", "id", "n", "bus", "rp0")
	r.wantSlot(0x7c0, 0x49)
	r.wantDel("n", "")
	r.wantEvents("n")
	r.wantSlot(0x7c0, 0x08)
	r.add("e1000e", "id", "n", "bus", "rp0")
}

// A device in use: the button is pressed, the guest switches the slot off.
func TestNativePoweredOn(t *testing.T) {
	r := nativeRig(t, "n")
	defer r.finish()
	r.wantSlot(0x3c0, 0x40)
	r.wantDel("n", "")
	r.wantSlot(0x3c0, 0x41)
	r.wantDel("n", "Device n is already in the process of unplug")
	r.control(0x700)
	r.wantEvents("n")
	r.wantSlot(0x700, 0x19)
}

func TestNativeBlinking(t *testing.T) {
	r := nativeRig(t, "n")
	defer r.finish()
	busy := "Hot-unplug failed: guest is busy (power indicator blinking)"
	r.control(0x200)
	r.wantDel("n", busy)
	r.control(0x100)
	r.wantDel("n", "")
	r.control(0x200)
	r.wantDel("n", "Device n is already in the process of unplug")
	r.control(0x700)
	r.wantEvents("n")
	r.control(0x600)
	r.add("e1000e", "id", "n", "bus", "rp0")
	r.wantDel("n", busy)
}

// The request may be repeated after exactly five seconds.
func TestNativeRepeat(t *testing.T) {
	r := nativeRig(t, "n")
	defer r.finish()
	r.wantDel("n", "")
	for _, at := range []int64{0, 4_900_000_000, 4_999_000_000} {
		r.clock.now = at
		r.wantDel("n", "Device n is already in the process of unplug")
	}
	r.clock.now = 5_000_000_000
	r.wantDel("n", "")
	r.wantDel("n", "Device n is already in the process of unplug")
	r.control(0x700)
	r.wantEvents("n")
}

// Indicator off alone, or power off alone, is not enough.
func TestNativeHalfOff(t *testing.T) {
	r := nativeRig(t, "n")
	defer r.finish()
	r.wantDel("n", "")
	r.control(0x300)
	r.wantEvents()
	r.control(0x500)
	r.wantEvents()
	if got := r.in(r.config(0, 0, 0), 4); got == 0xffffffff {
		t.Error("the host bridge is gone")
	}
	r.control(0x700)
	r.wantEvents("n")
}

// A reset forgets the button; the request keeps being refused.
func TestNativeReset(t *testing.T) {
	r := nativeRig(t, "n")
	defer r.finish()
	r.wantDel("n", "")
	r.reset()
	r.wantDel("n", "Device n is already in the process of unplug")
	r.wantSlot(0x3c0, 0x40)
	r.wantEvents()
}

func TestNativeAddAndPowerOn(t *testing.T) {
	r := nativeRig(t, "")
	defer r.finish()
	r.add("e1000e", "id", "n", "bus", "rp0")
	r.control(0x200)
	r.control(0x100)
	r.wantSlot(0x100, 0x59)
	r.wantDel("n", "")
	r.wantEvents()
	r.control(0x700)
	r.wantEvents("n")
}

// A locked slot neither gives nor takes; the guest toggles the lock.
func TestNativeLock(t *testing.T) {
	r := nativeRig(t, "n")
	defer r.finish()
	r.control(0x100 | 0x800)
	if s := r.slotIn(slotStatus); s&0x80 == 0 {
		t.Errorf("status 0x%x, want the lock engaged", s)
	}
	locked := "slot is electromechanically locked: Device or resource busy"
	r.wantDel("n", locked)
	r.wantAdd(locked, "e1000e", "bus", "rp0", "addr", "1.0")
	r.control(0x100 | 0x800)
	r.wantDel("n", "")
}

func TestNativeHotplugOff(t *testing.T) {
	r := newRig(t, "q35", native)
	defer r.finish()
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1), "hotplug", false)
	r.add("e1000e", "id", "n", "bus", "rp0")
	r.start()
	r.wantDel("n", "Bus 'rp0' does not support hotplugging")
	r.wantAdd("Bus 'rp0' does not support hotplugging", "e1000e", "bus", "rp0")
}

// The functions of a device come with function 0, and go together; one that
// was never shown goes alone.
func TestNativeMultifunction(t *testing.T) {
	r := nativeRig(t, "")
	defer r.finish()
	r.add("e1000e", "id", "f1", "bus", "rp0", "addr", "0.1", "multifunction", true)
	r.wantSlot(0x7c0, 0)
	r.add("e1000e", "id", "f0", "bus", "rp0", "addr", "0.0", "multifunction", true)
	r.wantDel("f1", "")
	r.wantEvents("f0", "f1")
	r.add("e1000e", "id", "f1", "bus", "rp0", "addr", "0.1", "multifunction", true)
	r.wantDel("f1", "")
	r.wantEvents("f1")
}

func TestNativeBehindSwitch(t *testing.T) {
	r := newRig(t, "q35", native)
	defer r.finish()
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1))
	r.add("x3130-upstream", "id", "up", "bus", "rp0")
	r.add("xio3130-downstream", "id", "dn0", "bus", "up", "chassis", int64(2))
	r.start()
	r.add("e1000e", "id", "x0", "bus", "dn0")
	r.wantDel("x0", "")
	r.wantEvents("x0")
	r.wantDel("dn0", "Bus 'up' does not support hotplugging")
	r.wantDel("up", "")
	r.wantDel("rp0", "Bus 'pcie.0' does not support hotplugging")
}

// A standard hot-plug controller knows no pending request, and a reset makes it
// forget the button.
func TestSHPC(t *testing.T) {
	r := newRig(t, "q35", native)
	defer r.finish()
	r.add("pcie-pci-bridge", "id", "br", "addr", "5")
	r.add("e1000", "id", "n", "bus", "br", "addr", "1")
	r.start()
	r.wantDel("n", "")
	r.wantDel("n", "")
	r.reset()
	r.wantEvents()
	r.add("e1000", "id", "m", "bus", "br", "addr", "2")
	r.wantDel("m", "")
	r.wantEvents("m")

	// The guest disables slot 1 through the registers in BAR 0.
	const bar = 0xfe000000
	r.out(r.config(0, 5<<3, 0x10), 4, bar)
	r.out(r.config(0, 5<<3, 0x04), 2, 2)
	r.wantDel("n", "")
	r.mem.WriteN(bar+0x14, 2, 1<<8|2<<2|3) // blink, disabled
	r.settle()
	r.wantEvents()
	r.wantDel("n", "Hot-unplug failed: guest is busy (power indicator blinking)")
	r.mem.WriteN(bar+0x14, 2, 1<<8|3<<2|3)
	r.settle()
	r.wantEvents("n")
}

// i82801b11-bridge never undoes its windows: the ledger says who holds it.
func TestLeakyBridge(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.add("i82801b11-bridge", "id", "br", "addr", "5")
	r.wantDel("br", "")
	r.out(pcEject, 4, 0x20)
	r.wantEvents()
	draining := r.env.Tree.Draining()
	if len(draining) != 1 || draining[0].TypeName() != "i82801b11-bridge" {
		t.Fatalf("draining: %v", draining)
	}
	for _, h := range draining[0].Root().Holds() {
		if h.Kind() != qom.HoldSubregion {
			t.Errorf("held by %s %s", h.Kind(), h.Who())
		}
	}
}
