package qmptest_test

import (
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// TestRefusedDevices compares what device_add says of types without code
// of their own, and of types a machine does not take, with what QEMU 11.1.3 said on the same machine.
func TestRefusedDevices(t *testing.T) {
	_, c := q35(t, qmptest.Args("-chardev", "null,id=c0"))
	for _, test := range []struct {
		driver string
		more   qmptest.A
		want   string
	}{
		{"ramfb", qmptest.A{}, "Device 'ramfb' does not support hotplugging"},
		{"intel-iommu", qmptest.A{}, "Device 'intel-iommu' does not support hotplugging"},
		{"amd-iommu", qmptest.A{"bus": "pcie.0"}, "Device 'amd-iommu' can't go on PCIE bus"},
		{"vmbus-bridge", qmptest.A{}, "Bus 'main-system-bus' does not support hotplugging"},
		{"uefi-vars-x64", qmptest.A{}, "Bus 'main-system-bus' does not support hotplugging"},
		{"piix3-ide", qmptest.A{}, "Device 'piix3-ide' does not support hotplugging"},

		{"pvpanic-pci", qmptest.A{"bus": "rp0", "sriov-pf": ""}, "user cannot create SR-IOV VF with this device type"},
		{"igb", qmptest.A{"bus": "rp0", "sriov-pf": "x"}, "a device cannot be a SR-IOV PF and a VF at the same time"},
		{"pvpanic-pci", qmptest.A{"bus": "rp0", "failover_pair_id": ""}, "failover primary device is not an Ethernet device"},

		{"vhost-user-rng-pci", qmptest.A{"bus": "rp0"}, "vhost-user-base: missing chardev"},
		{"vhost-user-rng-pci", qmptest.A{"bus": "rp0", "chardev": "c0"}, "vhost_backend_init failed: Protocol error"},
		{"vhost-user-fs-pci", qmptest.A{"bus": "rp0", "chardev": "c0"}, "missing tag property"},
		{"vhost-user-test-device-pci", qmptest.A{"bus": "rp0", "chardev": "c0"}, "vhost-user-base: need to define device id"},
	} {
		args := qmptest.A{"driver": test.driver}
		for name, v := range test.more {
			args[name] = v
		}
		if got := c.MustFail("device_add", args); got != test.want {
			t.Errorf("%v: %q, want %q", args, got, test.want)
		}
	}
}

// TestFilledIn compares what a function's properties and regions are once it
// works, those that no description of its type tells, with QEMU 11.1.3.
func TestFilledIn(t *testing.T) {
	for _, test := range []struct {
		driver, property string
		want             any
	}{
		{"megasas", "hba_serial", "QEMU123456"},
		{"mptsas1068", "sas_address", float64(0x3525400000010000)}, // on bus 1, as the guest numbered it
		{"bochs-display", "xres", float64(1280)},
		{"secondary-vga", "yres", float64(800)},
		{"secondary-vga", "vga ioports remapped[0]", "/machine/peripheral/d0/vga ioports remapped[0]"},
		{"rtl8139", "rtl8139-mem[0]", "/machine/peripheral/d0/rtl8139-mem[0]"},
		{"i82551", "eepro100-flash[0]", "/machine/peripheral/d0/eepro100-flash[0]"},
		{"vmxnet3", "msix-table[0]", "/machine/peripheral/d0/msix-table[0]"},
		{"ne2k_pci", "ne2000.rom[0]", "/machine/peripheral/d0/ne2000.rom[0]"},
	} {
		_, c := q35(t)
		c.Must("device_add", qmptest.A{"driver": test.driver, "id": "d0", "bus": "rp0"})
		var got any
		c.Must("qom-get", qmptest.A{"path": "d0", "property": test.property}, &got)
		if got != test.want {
			t.Errorf("%s.%s is %v, want %v", test.driver, test.property, got, test.want)
		}
	}
}
