package libvirttest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// userDomains are the parts by which domains of libvirt's users differ: what
// OpenStack's nova, KubeVirt, oVirt and others write. DIR stands for a folder.
var userDomains = []struct {
	name                  string
	os, features, devices string // in <os>, <features> and <devices>
	before                string // in front of <os>
}{
	{name: "nova", before: `<vcpu>2</vcpu><sysinfo type='smbios'><system><entry name='manufacturer'>OpenStack Foundation</entry></system></sysinfo>`,
		os: `<type machine='q35'>hvm</type><smbios mode='sysinfo'/><boot dev='hd'/>`, features: `<vmcoreinfo state='on'/>`,
		devices: `<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/>
			<source file='DIR/disk.img'/><target dev='vda' bus='virtio'/><serial>4d6b</serial></disk>
			<controller type='pci' model='pcie-to-pci-bridge'/><controller type='usb' model='qemu-xhci'/>
			<serial type='pty'><log file='DIR/console.log' append='off'/></serial>
			<graphics type='vnc' socket='DIR/vnc'/><video><model type='virtio'/></video><input type='tablet' bus='usb'/>
			<rng model='virtio'><rate bytes='1024' period='1000'/><backend model='random'>/dev/urandom</backend></rng>
			<watchdog model='i6300esb' action='reset'/>
			<memballoon model='virtio' autodeflate='on' freePageReporting='on'><stats period='10'/></memballoon>`},
	{name: "kubevirt", before: `<vcpu>2</vcpu><iothreads>2</iothreads>
			<cpu mode='host-model'><topology sockets='2' cores='1' threads='1'/><numa><cell id='0' cpus='0-1' memory='131072'/></numa></cpu>`,
		os: `<type machine='q35'>hvm</type>`, devices: `<controller type='scsi' model='virtio-non-transitional'/>
			<controller type='virtio-serial' model='virtio-non-transitional'/><controller type='usb' model='none'/>
			<disk type='file' device='disk'><driver name='qemu' type='raw' error_policy='stop' iothread='1' queues='2'/>
			<source file='DIR/disk.img'/><target dev='vda' bus='virtio'/><alias name='ua-rootdisk'/></disk>
			<interface type='user'><model type='virtio-non-transitional'/><alias name='ua-default'/><rom enabled='no'/></interface>
			<serial type='unix'><source mode='bind' path='DIR/serial0'/></serial>
			<graphics type='vnc'><listen type='socket' socket='DIR/vnc'/></graphics><video><model type='vga' vram='16384'/></video>
			<memballoon model='virtio-non-transitional' freePageReporting='on'/>`},
	{name: "ovirt", before: `<vcpu>4</vcpu><iothreads>1</iothreads><cpu match='exact'><model>Nehalem</model><topology sockets='4' cores='1' threads='1'/></cpu>`,
		os: `<type machine='pc'>hvm</type><bootmenu enable='no'/>`, devices: `<controller type='scsi' model='virtio-scsi'><driver iothread='1'/></controller>
			<controller type='usb' model='piix3-uhci'/><disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
			<disk type='file' device='disk'><driver name='qemu' type='raw' error_policy='stop' io='threads'/><source file='DIR/disk.img'/>
			<target dev='sda' bus='scsi'/><shareable/></disk><channel type='unix'><target type='virtio' name='ovirt-guest-agent.0'/></channel>
			<video><model type='cirrus'/></video><sound model='ich6'/><audio id='1' type='none'/><panic model='isa'/>`},
	{name: "windows", before: `<vcpu>2</vcpu>`, os: `<type machine='q35'>hvm</type>`,
		features: `<hyperv mode='custom'><relaxed state='on'/><vapic state='on'/><spinlocks state='on' retries='8191'/></hyperv><ioapic driver='qemu'/>`,
		devices: `<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller>
			<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/disk.img'/><target dev='sda' bus='sata'/></disk>
			<interface type='user'><model type='e1000e'/></interface><sound model='ich9'/><audio id='1' type='none'/><video><model type='vga'/></video>`},
	{name: "many", before: `<vcpu>2</vcpu>`, os: `<type machine='q35'>hvm</type>`, features: `<ioapic driver='qemu'/>`,
		devices: `<iommu model='intel'><driver intremap='on' caching_mode='on' iotlb='on'/></iommu><panic model='isa'/>
			<input type='mouse' bus='virtio'/><input type='keyboard' bus='virtio'/><input type='tablet' bus='virtio'/>
			<serial type='pty'><target type='pci-serial'/></serial><parallel type='pty'/><console type='pty'><target type='virtio'/></console>
			<video><model type='virtio' heads='2'/></video><vsock model='virtio'><cid auto='no' address='7'/></vsock>`},
}

// Domains as libvirt's users write them start, and their disks and logs are fine.
func TestUserDomains(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.disk("disk.img")
	for _, d := range userDomains {
		if _, err := os.Stat("/dev/vhost-vsock"); err != nil {
			d.devices, _, _ = strings.Cut(d.devices, "<vsock")
		}
		ports := ""
		if strings.Contains(d.os, "q35") {
			ports = "<controller type='pci' model='pcie-root'/>" + strings.Repeat("<controller type='pci' model='pcie-root-port'/>", 14)
		}
		xml := `<domain type='qemu'><name>` + d.name + `</name><memory unit='MiB'>128</memory>` + d.before + `<os>` + d.os + `</os>
			<features><acpi/><apic/>` + d.features + `</features><clock offset='utc'><timer name='rtc' tickpolicy='catchup'/>
			<timer name='pit' tickpolicy='delay'/></clock><pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>
			<devices><emulator>` + emulator + `</emulator>` + ports + d.devices + `</devices></domain>`
		c.run("define %s", c.file(d.name+".xml", strings.ReplaceAll(xml, "DIR", c.root+"/files")))
		c.run("start %s", d.name)
		c.eventually("running", "domstate %s", d.name)
		c.run("destroy %s", d.name)
	}
}

// A folder that virtiofsd shares: libvirt starts that, and the emulator meets it.
func TestSharedFolder(t *testing.T) {
	t.Parallel()
	c := connect(t)
	if os.Getuid() != 0 {
		t.Skip("libvirt lets only root share folders")
	}
	if caps := c.run("domcapabilities --emulatorbin %s --machine q35", emulator); !strings.Contains(caps, "<value>virtiofs</value>") {
		t.Fatalf("no virtiofs in\n%s", caps)
	}
	if found, _ := filepath.Glob("/usr/share/qemu/vhost-user/*virtiofsd*.json"); len(found) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("virtiofsd is needed in CI")
		}
		t.Skip("virtiofsd is not installed")
	}
	xml := fullXML("folder", c.disk("folder.img"), "")
	xml = strings.Replace(xml, "<vcpu", "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking><vcpu", 1)
	xml = strings.Replace(xml, "</devices>", "<filesystem type='mount'><driver type='virtiofs'/><source dir='"+c.root+"/files'/><target dir='there'/></filesystem></devices>", 1)
	c.run("define %s", c.file("folder.xml", xml))
	c.run("start folder")
	c.eventually("running", "domstate folder")
	if devices := c.names("folder", `{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}`, "name"); !slices.Contains(devices, "fs0") {
		t.Errorf("no fs0 among %v", devices)
	}
}
