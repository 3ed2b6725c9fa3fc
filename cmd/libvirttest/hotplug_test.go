package libvirttest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hotplug is one row: a device that comes and goes.
type hotplug struct {
	name  string
	xml   string // DIR stands for the folder of files
	alias string // by which it goes; empty: by its XML
}

var hotplugs = []hotplug{
	{"virtio disk", `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/a.img'/>
		<target dev='vdb' bus='virtio'/><serial>S1</serial><alias name='ua-x'/></disk>`, ""},
	{"scsi disk", `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/a.img'/>
		<target dev='sdb' bus='scsi'/><alias name='ua-x'/></disk>`, ""},
	{"usb disk", `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/a.img'/>
		<target dev='sdc' bus='usb'/><alias name='ua-x'/></disk>`, ""},
	{"usb tablet", `<input type='tablet' bus='usb'><alias name='ua-x'/></input>`, "ua-x"},
	{"virtio keyboard", `<input type='keyboard' bus='virtio'><alias name='ua-x'/></input>`, ""},
	{"scsi controller", `<controller type='scsi' index='1' model='virtio-scsi'><alias name='ua-x'/></controller>`, ""},
	{"net", `<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/><alias name='ua-x'/></interface>`, ""},
	{"rng", `<rng model='virtio'><backend model='random'>/dev/random</backend><alias name='ua-x'/></rng>`, "ua-x"},
	{"dimm", `<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target><alias name='ua-x'/></memory>`, ""},
	{"redirdev", `<redirdev bus='usb' type='unix'><source mode='bind' path='DIR/redir.sock'/><alias name='ua-x'/></redirdev>`, ""},
	{"channel", `<channel type='unix'><source mode='bind' path='DIR/chan.sock'/><target type='virtio' name='org.example.1'/>
		<alias name='ua-x'/></channel>`, ""},
	// libvirt 9 does not find a watchdog by its XML.
	{"watchdog", `<watchdog model='i6300esb' action='reset'><alias name='ua-x'/></watchdog>`, "ua-x"},
	{"shmem", `<shmem name='qomd-libvirttest'><model type='ivshmem-plain'/><size unit='M'>4</size><alias name='ua-x'/></shmem>`, ""},
}

// everything lists what a domain is made of, by the monitor's own words.
func (c *connection) everything(domain string) map[string][]string {
	c.t.Helper()
	return map[string][]string{
		"devices":  c.names(domain, `{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}`, "name"),
		"objects":  c.names(domain, `{"execute":"qom-list","arguments":{"path":"/objects"}}`, "name"),
		"chardevs": c.names(domain, `{"execute":"query-chardev"}`, "label"),
		"nodes":    c.names(domain, `{"execute":"query-named-block-nodes"}`, "node-name"),
		"cards":    {c.run("qemu-monitor-command %s --hmp 'info network'", domain)},
	}
}

// Every device that libvirt can attach to a running domain comes and goes, with
// its backend and every descriptor.
func TestHotplug(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("hotplug", "")
	c.disk("a.img")
	xml := c.run("dumpxml hotplug")
	before, open := c.everything("hotplug"), descriptors(t, c.root)
	var slowest time.Duration
	for _, h := range hotplugs {
		file := c.file("device.xml", strings.ReplaceAll(h.xml, "DIR", c.root+"/files"))
		c.run("attach-device hotplug %s --live", file)
		if live := c.run("dumpxml hotplug"); !strings.Contains(live, "<alias name='ua-x'/>") {
			t.Errorf("%s: attached, and not in the live XML:\n%s", h.name, live)
		}
		if now := c.everything("hotplug"); !slices.ContainsFunc(now["devices"], func(id string) bool { return strings.HasSuffix(id, "ua-x") }) {
			t.Errorf("%s: attached, and not among %v", h.name, now["devices"])
		}
		detach := "detach-device hotplug " + file + " --live"
		if h.alias != "" {
			detach = "detach-device-alias hotplug " + h.alias + " --live"
		}
		took := c.took("%s", detach)
		slowest = max(slowest, took)
		if h.alias != "" { // which libvirt does not wait for
			c.eventually(xml, "dumpxml hotplug")
		}
		if diff := cmp.Diff(xml, c.run("dumpxml hotplug")); diff != "" {
			t.Errorf("%s: detached, XML (-before +after):\n%s", h.name, diff)
		}
		if diff := cmp.Diff(before, c.everything("hotplug")); diff != "" {
			t.Errorf("%s: detached (-before +after):\n%s", h.name, diff)
		}
	}
	t.Logf("the slowest detach took %v", slowest)
	slices.Sort(open)
	after := descriptors(t, c.root)
	slices.Sort(after)
	if diff := cmp.Diff(open, after); diff != "" {
		t.Errorf("descriptors (-before +after):\n%s", diff)
	}
}
