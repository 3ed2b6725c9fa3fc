package libvirttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A device behind a PCI expander comes with the domain, and others come and go.
func TestExpanders(t *testing.T) {
	t.Parallel()
	c := connect(t)
	at := func(bus, slot string) string {
		return `<address type='pci' domain='0' bus='` + bus + `' slot='` + slot + `' function='0'/>`
	}
	rng := func(alias, address string) string {
		return `<rng model='virtio'><backend model='random'>/dev/urandom</backend><alias name='` + alias + `'/>` + address + `</rng>`
	}
	for _, tc := range []struct {
		machine, controllers, cold, hot string
		devices                         []string // of QEMU
	}{
		{"q35", `<controller type='pci' index='0' model='pcie-root'/>
			<controller type='pci' index='1' model='pcie-expander-bus'><target busNr='100'><node>1</node></target></controller>
			<controller type='pci' index='2' model='pcie-root-port'>` + at("1", "0") + `</controller>
			<controller type='pci' index='3' model='pcie-root-port'>` + at("1", "1") + `</controller>`,
			at("2", "0"), at("3", "0"), []string{"pci.1", "pci.2", "pci.3", "ua-cold"}},
		{"pc", `<controller type='pci' index='0' model='pci-root'/>
			<controller type='pci' index='1' model='pci-expander-bus'><target busNr='100'><node>1</node></target></controller>
			<controller type='pci' index='2' model='pci-bridge'>` + at("1", "3") + `</controller>`,
			at("1", "4"), at("2", "5"), []string{"pci.1", "pci.2", "ua-cold"}},
	} {
		xml := `<domain type='qemu'><name>` + tc.machine + `</name><memory unit='MiB'>128</memory><vcpu>2</vcpu>
			<cpu><numa><cell id='0' cpus='0' memory='65536'/><cell id='1' cpus='1' memory='65536'/></numa></cpu>
			<os><type machine='` + tc.machine + `'>hvm</type></os><features><acpi/><apic/></features>
			<devices><emulator>` + emulator + `</emulator>` + tc.controllers + rng("ua-cold", tc.cold) +
			`<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`
		c.run("define %s", c.file("expander.xml", xml))
		c.run("start %s", tc.machine)
		before := c.everything(tc.machine)
		for _, id := range tc.devices {
			if !slices.Contains(before["devices"], id) {
				t.Errorf("%s: no %s among %v", tc.machine, id, before["devices"])
			}
		}
		if got := c.run(`qemu-monitor-command %s '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/pci.1","property":"numa_node"}}'`, tc.machine); !strings.Contains(got, `"return":1`) {
			t.Errorf("%s: the expander's node: %s", tc.machine, got)
		}
		file := c.file("hot.xml", rng("ua-hot", tc.hot))
		for range 2 {
			c.run("attach-device %s %s --live", tc.machine, file)
			if !c.has(tc.machine, "ua-hot") {
				t.Errorf("%s: attached, and not in the live XML", tc.machine)
			}
			c.run("detach-device %s %s --live", tc.machine, file)
			if diff := cmp.Diff(before, c.everything(tc.machine)); diff != "" {
				t.Errorf("%s: detached (-before +after):\n%s", tc.machine, diff)
			}
		}
		c.run("destroy %s", tc.machine)
	}
}
