package chipset_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	pcUp, pcDown, pcEject, pcRemovable, pcSelect, pcIndex = 0xae00, 0xae04, 0xae08, 0xae0c, 0xae10, 0xae14
	pcGPE                                                 = 0xafe0
	q35Hotplug                                            = 0xcc0
)

func (r *rig) wantEvents(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.take()); diff != "" {
		r.t.Errorf("events (-want +got):\n%s", diff)
	}
}

func (r *rig) wantDel(id, want string) {
	r.t.Helper()
	if got := r.del(id); got != want {
		r.t.Errorf("device_del %s: %q, want %q", id, got, want)
	}
}

func (r *rig) wantAdd(want string, driver string, pairs ...any) {
	r.t.Helper()
	got := ""
	if err := r.try(driver, pairs...); err != nil {
		got = err.Error()
	}
	if got != want {
		r.t.Errorf("device_add %s %v:\n got %q\nwant %q", driver, pairs, got, want)
	}
}

func (r *rig) wantIn(port uint64, size int, want uint64) {
	r.t.Helper()
	if got := r.in(port, size); got != want {
		r.t.Errorf("port 0x%x reads 0x%x, want 0x%x", port, got, want)
	}
}

func (r *rig) selector(path string) any {
	r.t.Helper()
	o, _ := r.env.Tree.Resolve(path, "")
	if o == nil {
		r.t.Fatalf("no object %s", path)
	}
	v, err := o.Get("acpi-pcihp-bsel")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}

// A request waits for the guest; asking again is refused for ever while virtual
// time reads 0; the guest ejects the slot.
func TestEject(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.wantIn(pcGPE, 1, 0)
	r.add("e1000", "id", "n", "addr", "5")
	r.wantIn(pcGPE, 1, 2)
	r.out(pcGPE, 1, 2)
	r.wantIn(pcGPE, 1, 0)
	r.out(pcSelect, 4, 0)
	r.wantIn(pcUp, 4, 0x20)
	r.wantIn(pcUp, 4, 0)
	r.wantIn(pcDown, 4, 0)
	interrupts := r.interrupts
	r.wantDel("n", "")
	if r.interrupts == interrupts {
		t.Error("the guest was not told of the request")
	}
	r.wantDel("n", "Device n is already in the process of unplug")
	r.wantEvents()
	r.wantIn(pcGPE, 1, 2)
	r.wantIn(pcDown, 4, 0x20)
	r.out(pcEject, 4, 0x20)
	r.wantEvents("n")
	r.wantIn(pcDown, 4, 0)
	r.wantDel("n", "Device 'n' not found")
}

// A reset ejects what the guest was asked to let go.
func TestResetEjects(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.add("e1000", "id", "cold", "addr", "5")
	r.start()
	r.add("e1000", "id", "hot", "addr", "6")
	r.wantDel("cold", "")
	r.wantAdd("Duplicate device ID 'cold'", "e1000", "id", "cold")
	r.wantAdd("PCI: slot 5 function 0 not available for e1000, in use by e1000,id=cold", "e1000", "id", "m", "addr", "5")
	r.reset()
	r.wantEvents("cold")
	r.add("e1000", "id", "cold", "addr", "5")
}

// Once virtual time moved, a request may be repeated at once.
func TestRepeat(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.add("e1000", "id", "n")
	r.clock.now = 5e6
	r.wantDel("n", "")
	r.wantDel("n", "")
}

// Registers of hot-plug, with a device of the machine and one that came later;
// an eject takes the lowest slot only, asked for or not.
func TestRegisters(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.add("e1000", "id", "cold", "addr", "6")
	r.start()
	r.out(pcSelect, 4, 0)
	r.wantIn(pcUp, 4, 0)
	r.wantIn(pcRemovable, 4, 0xfffffffc)
	r.add("e1000", "id", "n", "addr", "7")
	r.wantIn(pcUp, 4, 0x80)
	r.wantIn(pcUp, 4, 0)
	r.wantIn(pcRemovable, 4, 0xfffffffc)
	r.wantDel("cold", "")
	r.wantDel("n", "")
	r.wantIn(pcDown, 4, 0xc0)
	r.out(pcEject, 4, 0xc0)
	r.wantEvents("cold")
	r.wantIn(pcDown, 4, 0x80)
	r.out(pcEject, 4, 0)
	r.out(pcEject, 4, 1<<20) // empty
	r.out(pcEject, 4, 2)     // PIIX3: not hot-pluggable
	r.wantEvents()
	r.out(pcEject, 4, 0x80)
	r.wantEvents("n")
}

// One function takes its slot along, the one added last first.
func TestMultifunction(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	for _, f := range []struct{ id, addr string }{{"f1", "5.1"}, {"f2", "5.2"}, {"f0", "5.0"}} {
		r.add("e1000", "id", f.id, "addr", f.addr, "multifunction", true)
	}
	r.wantDel("f1", "")
	r.out(pcSelect, 4, 0)
	r.out(pcEject, 4, 0x20)
	r.wantEvents("f0", "f2", "f1")
}

func TestRootHotplugOff(t *testing.T) {
	r := newRig(t, "pc", global("PIIX4_PM", "acpi-root-pci-hotplug", "off"))
	defer r.finish()
	r.start()
	r.wantAdd("Bus 'pci.0' does not support hotplugging", "e1000", "id", "n")
}

// Buses of bridges that were there at the start have selectors of their own;
// such a bridge cannot be ejected.
func TestBehindBridge(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.add("pci-bridge", "id", "br", "chassis_nr", int64(1), "addr", "5")
	r.start()
	r.add("e1000", "id", "n", "bus", "br", "addr", "3")
	if got := r.selector("/machine/peripheral/br/br"); got != "1" {
		t.Errorf("selector of br is %v", got)
	}
	if got := r.selector("/machine/i440fx/pci.0"); got != "0" {
		t.Errorf("selector of pci.0 is %v", got)
	}
	r.wantDel("n", "")
	r.out(pcSelect, 4, 1)
	r.wantIn(pcDown, 4, 8)
	r.out(pcEject, 4, 8)
	r.wantEvents("n")
	r.wantDel("br", "")
	r.out(pcSelect, 4, 0)
	r.wantIn(pcDown, 4, 0x20)
	r.out(pcEject, 4, 0x20)
	r.wantEvents()
}

// A bridge that came later handles its bus itself.
func TestHotpluggedBridge(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.add("pci-bridge", "id", "br", "chassis_nr", int64(1), "addr", "5")
	r.add("e1000", "id", "n", "bus", "br", "addr", "3")
	r.wantAdd("Unsupported PCI slot 0 for standard hotplug controller. Valid slots are between 1 and 31.", "e1000", "bus", "br", "addr", "0")
	r.wantDel("n", "")
	r.wantEvents("n")
	r.wantDel("n", "Device 'n' not found")
	r.wantDel("br", "")
	r.reset()
	r.wantEvents("br")
}

// On q35 root ports are ACPI's, newest port first.
func TestQ35(t *testing.T) {
	r := newRig(t, "q35")
	defer r.finish()
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1), "addr", "2")
	r.add("pcie-root-port", "id", "rp1", "chassis", int64(2), "addr", "3")
	r.start()
	if a, b := r.selector("/machine/peripheral/rp0/rp0"), r.selector("/machine/peripheral/rp1/rp1"); a != "1" || b != "0" {
		t.Errorf("selectors %v and %v, want 1 and 0", a, b)
	}
	r.wantAdd("Bus 'pcie.0' does not support hotplugging", "e1000e", "id", "z")
	r.add("e1000e", "id", "x0", "bus", "rp0")
	r.add("e1000e", "id", "x1", "bus", "rp1")
	r.wantDel("x0", "")
	r.wantDel("x1", "")
	r.out(q35Hotplug+0x10, 4, 0)
	r.wantIn(q35Hotplug, 4, 1)
	r.wantIn(q35Hotplug+4, 4, 1)
	r.out(q35Hotplug+8, 4, 1)
	r.wantEvents("x1")
	r.out(q35Hotplug+0x10, 4, 2)
	r.wantIn(q35Hotplug, 4, 0)
	r.out(q35Hotplug+8, 4, 1)
	r.wantEvents()
	r.reset()
	r.wantEvents("x0")
	r.add("e1000e", "id", "x0", "bus", "rp0")
	r.wantDel("rp0", "Bus 'pcie.0' does not support hotplugging")
}

func TestACPIIndex(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.add("e1000e", "acpi-index", int64(5), "id", "a", "romfile", "", "addr", "4")
	r.wantAdd("a PCI device with acpi-index = 5 already exist", "e1000e", "acpi-index", int64(5), "romfile", "")
	r.wantAdd("acpi-index should be less or equal to 16383", "e1000e", "acpi-index", int64(16384))
	r.out(pcSelect, 4, 0)
	r.out(pcIndex, 4, 1<<4)
	r.wantIn(pcIndex, 4, 5)
	r.wantIn(pcIndex, 4, 0)
	r.wantDel("a", "")
	r.out(pcEject, 4, 1<<4)
	r.add("e1000e", "acpi-index", int64(5), "romfile", "")
}
