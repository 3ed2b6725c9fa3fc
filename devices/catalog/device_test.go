package catalog_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/catalog"
)

func TestDeviceFacts(t *testing.T) {
	c := catalog.Default()
	xhci, ok := c.Device("qemu-xhci")
	if !ok || !xhci.UserCreatable || !xhci.Hotpluggable || xhci.Bus != "PCI" || xhci.Category != "USB" {
		t.Errorf("qemu-xhci: %+v", xhci)
	}
	want := &catalog.PCIFacts{
		Vendor: 0x1b36, Device: 0x000d, Class: 0x0c03, ProgIf: 0x30, Revision: 1,
		Subvendor: 0x1af4, Subsystem: 0x1100, IRQPin: 1, IsExpress: true,
		BARs:         []catalog.BAR{{Number: 0, Size: 16384, Mem64: true}},
		Capabilities: []catalog.Capability{{ID: 0x11, Offset: 0x90}, {ID: 0x10, Offset: 0xa0}},
	}
	if diff := cmp.Diff(want, xhci.PCI); diff != "" {
		t.Errorf("qemu-xhci (-want +got):\n%s", diff)
	}
	kbd, _ := c.Device("usb-kbd")
	if diff := cmp.Diff(&catalog.USBFacts{Speed: "480", Product: "QEMU USB Keyboard"}, kbd.USB); diff != "" {
		t.Errorf("usb-kbd (-want +got):\n%s", diff)
	}
	net, _ := c.Device("virtio-net-pci")
	if net.PCI == nil || net.PCI.Device != 0x1000 || net.PCIePort == nil || net.PCIePort.Device != 0x1041 {
		t.Errorf("virtio-net-pci: %+v, behind a port %+v", net.PCI, net.PCIePort)
	}
	if port, _ := c.Device("pcie-root-port"); port.PCI == nil || !port.PCI.IsBridge {
		t.Errorf("pcie-root-port: %+v", port.PCI)
	}
	if vga, _ := c.Device("VGA"); !vga.UserCreatable || vga.Hotpluggable || !vga.HotplugTold {
		t.Errorf("VGA can be hot-plugged: %+v", vga)
	}
	if mch, _ := c.Device("mch"); mch.UserCreatable {
		t.Errorf("users can create mch: %+v", mch)
	}
	if serial, _ := c.Device("isa-serial"); serial.HotplugTold || serial.Bus != "ISA" {
		t.Errorf("isa-serial: %+v", serial)
	}
}

func TestDeviceByAlias(t *testing.T) {
	c := catalog.Default()
	for alias, want := range map[string]string{
		"virtio-net": "virtio-net-pci", "ahci": "ich9-ahci", "e1000-82540em": "e1000", "usb-kbd": "", "": "",
	} {
		if got := c.DeviceByAlias(alias); got != want {
			t.Errorf("DeviceByAlias(%q) = %q, want %q", alias, got, want)
		}
	}
}

// TestFactsAgree holds the observed facts against what QMP told.
func TestFactsAgree(t *testing.T) {
	c := catalog.Default()
	creatable := 0
	for name := range c.Types() {
		d, ok := c.Device(name)
		if !ok {
			continue
		}
		f, _ := c.Type(name)
		if !f.IsDevice {
			t.Errorf("%s has device facts but is no device", name)
		}
		if d.UserCreatable {
			creatable++
		}
		if d.PCI != nil && !f.Implements("pci-device") || d.USB != nil && !f.Implements("usb-device") {
			t.Errorf("%s was seen on a bus it does not belong to", name)
		}
		for _, p := range d.QtreeOrder {
			if _, ok := f.Property(p); !ok {
				t.Errorf("%s: info qtree prints %s, which it does not have", name, p)
			}
		}
	}
	if creatable != 480 {
		t.Errorf("%d devices are user-creatable", creatable)
	}
}

func TestMachines(t *testing.T) {
	c := catalog.Default()
	q35, ok := c.Machine("q35")
	if !ok || q35.Name != "pc-q35-11.1" || q35.CPUMax != 4096 || !q35.HotpluggableCPUs || !q35.ACPITold {
		t.Errorf("q35: %+v", q35)
	}
	if d, _ := c.DefaultMachine(); d.Name != "pc-i440fx-11.1" || d.Alias != "pc" {
		t.Errorf("default machine: %+v", d)
	}
	if _, ok := c.Machine(""); ok {
		t.Error("the empty name is a machine")
	}
	props, ok := c.CompatProps("microvm")
	want := []catalog.CompatProp{
		{Type: "pcie-root-port", Property: "io-reserve", Value: "0"},
		{Type: "ramfb", Property: "use-legacy-x86-rom", Value: "true"},
		{Type: "vfio-pci-nohotplug", Property: "use-legacy-x86-rom", Value: "true"},
	}
	if diff := cmp.Diff(want, props); !ok || diff != "" {
		t.Errorf("compatibility properties of microvm (-want +got):\n%s", diff)
	}
	if props, ok := c.CompatProps("none"); !ok || len(props) != 0 {
		t.Errorf("none: %v, %v", props, ok)
	}
	old := load(t, catalog.QEMU72)
	if _, ok := old.CompatProps("pc-q35-7.2"); ok {
		t.Error("7.2 reports no compatibility properties")
	}
	if v := old.Version(); v.Major != 7 || v.Minor != 2 || v.Micro != 22 {
		t.Errorf("version %+v", v)
	}
	want11 := catalog.Version{Major: 11, Minor: 1, Micro: 3, Package: "Debian 1:11.1.3+ds-1", Capabilities: []string{"oob"}}
	if diff := cmp.Diff(want11, c.Version()); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}

func TestCPUs(t *testing.T) {
	c := catalog.Default()
	defs := c.CPUDefinitions()
	if len(defs) != 189 || defs[0].Name != "486" || defs[0].AliasOf != "486-v1" {
		t.Errorf("CPU definitions: %d", len(defs))
	}
	if d, ok := c.CPUDefinition("486-x86_64-cpu"); !ok || !reflect.DeepEqual(d, defs[0]) {
		t.Errorf("CPUDefinition: %+v, %v", d, ok)
	}
	if _, ok := c.CPUDefinition("x86_64-cpu"); ok {
		t.Error("the base of all processors is a CPU model")
	}
	exp := c.CPUModelExpansion()
	if len(exp) != 378 {
		t.Errorf("CPU expansions: %d", len(exp))
	}
	for _, e := range []catalog.CPUExpansion{exp[0], exp[len(exp)/2], exp[len(exp)-1]} {
		if reply, ok := c.CPUModelReply(e.Model, e.Type); !ok || string(reply) != string(e.Reply) {
			t.Errorf("CPUModelReply(%q, %q) = %.40s, %v", e.Model, e.Type, reply, ok)
		}
	}
	if _, ok := c.CPUModelReply("nothing", "full"); ok {
		t.Error("an unknown CPU model has an answer")
	}
}
