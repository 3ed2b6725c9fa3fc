package chipset_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/pci"
)

// Values of the property addr, and what it answers for those it does not take.
func TestAddrValues(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	for _, bad := range []string{"nope", "20", "1f.8", "3.", "", "3.1.1", "0x1g", "-1"} {
		r.wantAdd(fmt.Sprintf("Property 'e1000.addr' doesn't take value '%s'", bad), "e1000", "addr", bad)
	}
	r.wantAdd("Parameter 'addr' expects a value between -1 and 255", "e1000", "addr", int64(-2))
	r.wantAdd("Parameter 'addr' expects a value between -1 and 255", "e1000", "addr", int64(256))
	r.wantAdd("Invalid parameter type for 'addr', expected int or str", "e1000", "addr", nil)
	r.wantAdd("Invalid parameter type for 'addr', expected int or str", "e1000", "addr", true)
	r.wantAdd("Invalid parameter type for 'addr', expected: integer", "e1000", "addr", 3.5)
	for id, c := range map[string]struct {
		addr any
		want int64
	}{"a": {int64(48), 48}, "b": {"7", 56}, "c": {"0x1E.0", 240}, "d": {"08.0", 64}, "e": {int64(-1), 16}} {
		r.add("e1000", "addr", c.addr, "id", id)
		o, _ := r.env.Tree.Resolve("/machine/peripheral/"+id, "")
		if got, _ := o.Get("addr"); got != c.want {
			t.Errorf("addr of %s is %v, want %d", id, got, c.want)
		}
	}
	if got := pci.FormatDevfn(0x29); got != "05.1" {
		t.Errorf("devfn 0x29 is printed as %s", got)
	}
}

func TestSlotInUse(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.wantAdd("PCI: slot 0 function 0 not available for e1000, in use by i440FX,id=(null)", "e1000", "addr", "0")
	r.wantAdd("PCI: slot 1 function 0 not available for e1000, in use by PIIX3,id=(null)", "e1000", "addr", "1")
	r.add("e1000", "addr", "5", "id", "a")
	r.wantAdd("PCI: slot 5 function 0 not available for e1000, in use by e1000,id=a", "e1000", "addr", "5", "id", "b")
	r.wantAdd("PCI: slot 5 function 0 already occupied by e1000, new func e1000 cannot be exposed to guest.", "e1000", "addr", "5.1", "id", "c")
	r.add("e1000", "addr", "6.1", "id", "d")
	r.wantAdd("PCI: slot 1 function 0 already occupied by PIIX3, new func e1000 cannot be exposed to guest.", "e1000", "addr", "1.5", "id", "e")
	r.wantAdd("PCI: 6.0 indicates single function, but 6.1 is already populated.", "e1000", "addr", "6.0")
}

func TestColdMultifunction(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.add("e1000", "addr", "5", "id", "a")
	r.wantAdd("PCI: single function device can't be populated in function 5.1", "e1000", "addr", "5.1")
	r.start()
}

func TestFullBus(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	for i := range 30 {
		r.add("pci-testdev", "id", fmt.Sprintf("d%d", i))
	}
	r.wantAdd("PCI: no slot/function available for pci-testdev, all in use or reserved", "pci-testdev")
}

// Behind a port function 0 decides, whatever the slot.
func TestRootPortAddresses(t *testing.T) {
	r := newRig(t, "q35")
	defer r.finish()
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1))
	r.start()
	r.add("e1000e", "bus", "rp0", "id", "a", "addr", "1")
	r.add("e1000e", "bus", "rp0", "id", "b")
	occupied := "PCI: slot 0 function 0 already occupied by e1000e, new func %s cannot be exposed to guest."
	r.wantAdd(fmt.Sprintf(occupied, "e1000e"), "e1000e", "bus", "rp0", "id", "c")
	r.wantAdd("PCI: slot 0 function 0 not available for e1000e, in use by e1000e,id=b", "e1000e", "bus", "rp0", "addr", "0")
	r.wantAdd(fmt.Sprintf(occupied, "pci-bridge"), "pci-bridge", "bus", "rp0", "chassis_nr", int64(1))
	r.wantAdd(fmt.Sprintf(occupied, "pcie-root-port"), "pcie-root-port", "bus", "rp0", "chassis", int64(2))
}

func TestChassisSlots(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	busy := "Can't add chassis slot, error -16"
	r.add("pcie-root-port", "id", "a", "chassis", int64(1))
	r.wantAdd(busy, "pcie-root-port", "id", "b", "chassis", int64(1))
	r.add("pcie-root-port", "id", "c", "chassis", int64(1), "slot", int64(1))
	r.wantAdd(busy, "pcie-root-port", "id", "d", "chassis", int64(1), "slot", int64(1))
	r.add("pcie-root-port", "id", "e", "slot", int64(8192))
	r.wantAdd("Bridge chassis not specified. Each bridge is required to be assigned a unique chassis id > 0.", "pci-bridge")
}

func TestROM(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	r.wantAdd(`failed to find romfile "no-such-rom"`, "e1000e", "romfile", "no-such-rom")
	r.wantAdd("ROM size 5 is not a power of two", "e1000e", "romsize", int64(5))
	r.wantAdd("Invalid parameter type for 'rombar', expected: integer", "e1000e", "rombar", "x")
	r.wantAdd("Parameter 'acpi-index' expects uint32_t", "e1000e", "acpi-index", int64(-1))
	r.wantAdd("failover primary device must be on PCIExpress bus", "e1000e", "failover_pair_id", "x")
	r.add("e1000e", "id", "default")
	if o, _ := r.env.Tree.Resolve("/machine/peripheral/default", ""); o != nil {
		if got, _ := o.Get("romfile"); got != "efi-e1000e.rom" {
			t.Errorf("default romfile %v", got)
		}
	}
	r.wantAdd("Hot-plugged device without ROM bar can't have an option ROM", "e1000e", "rombar", int64(0))
	file := filepath.Join(t.TempDir(), "rom")
	if err := os.WriteFile(file, make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	r.add("e1000e", "romfile", file, "id", "n", "addr", "7")
	o, _ := r.env.Tree.Resolve("/machine/peripheral/n/e1000e.rom[0]", "memory-region")
	if o == nil {
		t.Fatal("no ROM region")
	}
	if size, _ := o.Get("size"); fmt.Sprint(size) != "8192" {
		t.Errorf("ROM of %v bytes", size)
	}
	if err := o.Parent().Set("addr", inputOf(int64(3))); err == nil ||
		err.Error() != "Attempt to set property 'addr' on device 'n' (type 'e1000e') after it was realized" {
		t.Errorf("addr set after realize: %v", err)
	}
}

// wantJSON compares with a recorded answer, whatever the order of members.
func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var x, y any
	if err := json.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &y); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(y, x); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const recordedPC = `[{"bus": 0, "devices": [
{"irq_pin": 0, "bus": 0, "qdev_id": "", "slot": 0, "class_info": {"class": 1536, "desc": "Host bridge"}, "id": {"device": 4663, "subsystem-vendor": 6900, "vendor": 32902, "subsystem": 4352}, "function": 0, "regions": []},
{"irq_pin": 0, "bus": 0, "qdev_id": "", "slot": 1, "class_info": {"class": 1537, "desc": "ISA bridge"}, "id": {"device": 28672, "subsystem-vendor": 6900, "vendor": 32902, "subsystem": 4352}, "function": 0, "regions": []},
{"irq_pin": 0, "bus": 0, "qdev_id": "", "slot": 1, "class_info": {"class": 257, "desc": "IDE controller"}, "id": {"device": 28688, "subsystem-vendor": 6900, "vendor": 32902, "subsystem": 4352}, "function": 1, "regions": [{"bar": 4, "size": 16, "address": -1, "type": "io"}]},
{"irq_pin": 1, "bus": 0, "qdev_id": "", "irq": 0, "slot": 1, "class_info": {"class": 1664, "desc": "Bridge"}, "id": {"device": 28947, "subsystem-vendor": 6900, "vendor": 32902, "subsystem": 4352}, "function": 3, "regions": []}%s]}]`

func TestQueryPC(t *testing.T) {
	r := newRig(t, "pc")
	defer r.finish()
	r.start()
	wantJSON(t, pci.Query([]*pci.Bus{r.board.Root}), fmt.Sprintf(recordedPC, ""))

	// query-pci follows what the guest programs.
	r.add("pci-testdev", "id", "d", "addr", "5")
	r.out(r.config(0, 5<<3, 0x10), 4, 0xfebf0000)
	r.out(r.config(0, 5<<3, 0x04), 2, 3)
	r.wantIn(r.config(0, 5<<3, 0x10), 4, 0xfebf0000)
	wantJSON(t, pci.Query([]*pci.Bus{r.board.Root}), fmt.Sprintf(recordedPC, `,
{"irq_pin": 0, "bus": 0, "qdev_id": "d", "slot": 5, "class_info": {"class": 255}, "id": {"device": 5, "subsystem-vendor": 6900, "vendor": 6966, "subsystem": 4352}, "function": 0, "regions": [{"prefetch": false, "mem_type_64": false, "bar": 0, "size": 4096, "address": 4273930240, "type": "memory"}, {"bar": 1, "size": 256, "address": -1, "type": "io"}]}`))
}

const recordedInfo = `  Bus  0, device   0, function 0:
    Host bridge: PCI device 8086:29c0
      PCI subsystem 1af4:1100
      id ""
  Bus  0, device   2, function 0:
    PCI bridge: PCI device 1b36:000c
      IRQ 0, pin A
      BUS 0.
      secondary bus 0.
      subordinate bus 0.
      IO range [0xf000, 0x0fff]
      memory range [0xfff00000, 0x000fffff]
      prefetchable memory range [0xfff00000, 0x000fffff]
      BAR0: 32 bit memory (not mapped)
      id "rp0"
  Bus  0, device  31, function 0:
    ISA bridge: PCI device 8086:2918
      PCI subsystem 1af4:1100
      id ""
  Bus  0, device  31, function 2:
    SATA controller: PCI device 8086:2922
      PCI subsystem 1af4:1100
      IRQ 0, pin A
      BAR4: I/O (not mapped)
      BAR5: 32 bit memory (not mapped)
      id ""
  Bus  0, device  31, function 3:
    SMBus: PCI device 8086:2930
      PCI subsystem 1af4:1100
      IRQ 0, pin A
      BAR4: I/O (not mapped)
      id ""
`

func TestInfoPCI(t *testing.T) {
	r := newRig(t, "q35")
	defer r.finish()
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1), "addr", "2")
	r.add("e1000e", "bus", "rp0", "id", "n")
	r.start()
	if diff := cmp.Diff(recordedInfo, pci.Print(pci.Query([]*pci.Bus{r.board.Root}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Once the guest numbered the bus behind the port, its devices show and
	// answer configuration cycles.
	port := 2 << 3
	r.wantIn(r.config(1, 0, 0), 4, 0xffffffff)
	r.out(r.config(0, port, 0x18), 4, 0x00010100)
	r.wantIn(r.config(1, 0, 0), 4, 0x10d38086)
	r.wantIn(r.config(1, 8, 0), 4, 0xffffffff)
	list := pci.Query([]*pci.Bus{r.board.Root})
	if d := list[0].Devices[1].BridgeInfo.Devices; d == nil || len(*d) != 1 || (*d)[0].Bus != 1 || (*d)[0].QdevID != "n" {
		t.Errorf("behind the port: %+v", d)
	}
}

// A device behind a bridge decodes through the bridge's window only.
func TestBridgeWindow(t *testing.T) {
	r := newRig(t, "q35")
	defer r.finish()
	r.add("pcie-root-port", "id", "rp0", "chassis", int64(1), "addr", "2")
	r.add("pci-testdev", "bus", "rp0", "id", "d")
	r.start()
	port := 2 << 3
	r.out(r.config(0, port, 0x18), 4, 0x00010100)
	r.out(r.config(1, 0, 0x10), 4, 0xfe000000)
	r.out(r.config(1, 0, 0x04), 2, 2)
	reachable := func() bool {
		_, res := r.mem.ReadN(0xfe000000, 4)
		return res == 0
	}
	if reachable() {
		t.Error("decoded without a window")
	}
	r.out(r.config(0, port, 0x20), 4, 0xfe00fe00) // one MiB
	r.out(r.config(0, port, 0x04), 2, 2)
	if !reachable() {
		t.Error("not decoded through the window")
	}
	r.out(r.config(0, port, 0x20), 4, 0xfd00fd00)
	if reachable() {
		t.Error("decoded past the window")
	}
}
