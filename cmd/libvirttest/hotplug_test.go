package libvirttest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// hotplug is one row: a device that comes and goes.
type hotplug struct {
	name  string
	xml   string // DIR stands for the folder of files
	alias string // by which it goes; empty: by its XML

	// Commands of virsh's to use instead of attach-device and detach-device.
	attach, detach string
	live           string // is in the live XML while the device is there; empty: its alias

	// What libvirt changes by the monitor to plug it, and to take it away.
	plugs, unplugs []string
}

var hotplugs = []hotplug{
	{name: "virtio disk", xml: `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/a.img'/>
		<target dev='vdb' bus='virtio'/><serial>S1</serial><alias name='ua-x'/></disk>`,
		plugs: []string{"blockdev-add", "device_add"}, unplugs: []string{"device_del", "blockdev-del"}},
	{name: "scsi disk", xml: `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/a.img'/>
		<target dev='sdb' bus='scsi'/><alias name='ua-x'/></disk>`,
		plugs: []string{"blockdev-add", "device_add"}, unplugs: []string{"device_del", "blockdev-del"}},
	{name: "usb disk", xml: `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/a.img'/>
		<target dev='sdc' bus='usb'/><alias name='ua-x'/></disk>`,
		plugs: []string{"blockdev-add", "device_add"}, unplugs: []string{"device_del", "blockdev-del"}},
	{name: "usb tablet", xml: `<input type='tablet' bus='usb'><alias name='ua-x'/></input>`, alias: "ua-x",
		plugs: []string{"device_add"}, unplugs: []string{"device_del"}},
	{name: "virtio keyboard", xml: `<input type='keyboard' bus='virtio'><alias name='ua-x'/></input>`,
		plugs: []string{"device_add"}, unplugs: []string{"device_del"}},
	{name: "scsi controller", xml: `<controller type='scsi' index='1' model='virtio-scsi'><alias name='ua-x'/></controller>`,
		plugs: []string{"device_add"}, unplugs: []string{"device_del"}},
	{name: "net", xml: `<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/><alias name='ua-x'/></interface>`,
		plugs: []string{"netdev_add", "device_add"}, unplugs: []string{"device_del", "netdev_del"}},
	{name: "rng", xml: `<rng model='virtio'><backend model='random'>/dev/random</backend><alias name='ua-x'/></rng>`, alias: "ua-x",
		plugs: []string{"object-add", "device_add"}, unplugs: []string{"device_del", "object-del"}},
	{name: "dimm", xml: `<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target><alias name='ua-x'/></memory>`,
		plugs: []string{"object-add", "device_add"}, unplugs: []string{"device_del", "object-del"}},
	{name: "redirdev", xml: `<redirdev bus='usb' type='unix'><source mode='bind' path='DIR/redir.sock'/><alias name='ua-x'/></redirdev>`,
		plugs: []string{"chardev-add", "device_add"}, unplugs: []string{"device_del", "chardev-remove"}},
	{name: "channel", xml: `<channel type='unix'><source mode='bind' path='DIR/chan.sock'/><target type='virtio' name='org.example.1'/>
		<alias name='ua-x'/></channel>`,
		plugs: []string{"getfd", "chardev-add", "device_add"}, unplugs: []string{"device_del", "chardev-remove"}},
	// libvirt 9 does not find a watchdog by its XML.
	{name: "watchdog", xml: `<watchdog model='i6300esb' action='reset'><alias name='ua-x'/></watchdog>`, alias: "ua-x",
		plugs: []string{"device_add"}, unplugs: []string{"device_del"}},
	{name: "shmem", xml: `<shmem name='qomd-libvirttest'><model type='ivshmem-plain'/><size unit='M'>4</size><alias name='ua-x'/></shmem>`,
		plugs: []string{"object-add", "device_add"}, unplugs: []string{"device_del", "object-del"}},
	{name: "vcpu", attach: "setvcpus hotplug 3 --live", detach: "setvcpus hotplug 2 --live", live: "current='3'",
		plugs: []string{"device_add"}, unplugs: []string{"device_del"}},
	{name: "media", attach: "change-media hotplug sda DIR/a.img --insert --live", detach: "change-media hotplug sda --eject --live", live: "DIR/a.img",
		plugs:   []string{"blockdev-open-tray", "blockdev-remove-medium", "blockdev-add", "blockdev-insert-medium", "blockdev-close-tray"},
		unplugs: []string{"blockdev-open-tray", "blockdev-remove-medium", "blockdev-del", "blockdev-close-tray"}},
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

// kept is what libvirt goes on to say of processors that it has plugged once, and of
// a drive that had a medium.
var kept = regexp.MustCompile(`(?s) *(<vcpus>.*</vcpus>|<source index='\d+'/>)\n| type='raw'`)

// xml is what a live domain is made of, by libvirt's words.
func (c *connection) xml(domain string) string {
	c.t.Helper()
	return kept.ReplaceAllString(c.run("dumpxml %s", domain), "")
}

// Every device that libvirt can attach to a running domain comes and goes, with
// its backend and every descriptor.
func TestHotplug(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("hotplug", "")
	c.disk("a.img")
	for _, h := range hotplugs {
		t.Run(h.name, func(t *testing.T) {
			defer c.part(t)()
			c.plugAndUnplug(h)
		})
	}
}

// plugAndUnplug attaches and detaches one device of the domain "hotplug".
func (c *connection) plugAndUnplug(h hotplug) {
	t, dir := c.t, c.root+"/files"
	xml, before, open := c.xml("hotplug"), c.everything("hotplug"), descriptors(t, c.root)

	file := c.file("device.xml", strings.ReplaceAll(h.xml, "DIR", dir))
	attach, live := cmp.Or(h.attach, "attach-device hotplug "+file+" --live"), cmp.Or(h.live, "<alias name='ua-x'/>")
	talk := c.during("%s", strings.ReplaceAll(attach, "DIR", dir))
	if diff := gocmp.Diff(h.plugs, slices.DeleteFunc(slices.Compact(changes(talk)), choosesAction)); diff != "" {
		t.Errorf("attached by (-want +have):\n%s", diff)
	}
	if now := c.run("dumpxml hotplug"); !strings.Contains(now, strings.ReplaceAll(live, "DIR", dir)) {
		t.Errorf("attached, and not in the live XML:\n%s", now)
	}
	now := c.everything("hotplug")
	if h.xml != "" && !slices.ContainsFunc(now["devices"], func(id string) bool { return strings.HasSuffix(id, "ua-x") }) {
		t.Errorf("attached, and not among %v", now["devices"])
	}
	if gocmp.Equal(before, now) {
		t.Error("attached, and the monitor tells the same as before")
	}

	detach := cmp.Or(h.detach, "detach-device hotplug "+file+" --live")
	if h.alias != "" {
		detach = "detach-device-alias hotplug " + h.alias + " --live"
	}
	said := len(wire(t, c.root))
	took := c.took("%s", detach)
	if t.Logf("detached in %v", took); took >= unplugTime {
		t.Error("libvirt has not heard that it is gone")
	}
	if h.alias != "" { // which libvirt does not wait for
		await(t, "the device stays", func() bool { return !c.has("hotplug", "ua-x") })
	}
	if diff := gocmp.Diff(xml, c.xml("hotplug")); diff != "" {
		t.Errorf("detached, XML (-before +after):\n%s", diff)
	}
	talk = wire(t, c.root)[said:]
	if diff := gocmp.Diff(h.unplugs, slices.Compact(changes(talk))); diff != "" {
		t.Errorf("detached by (-want +have):\n%s", diff)
	}
	if slices.Contains(h.unplugs, "device_del") && eventBeforeReply(t, talk) {
		t.Error("DEVICE_DELETED came before the reply")
	}
	if diff := gocmp.Diff(before, c.everything("hotplug")); diff != "" {
		t.Errorf("detached (-before +after):\n%s", diff)
	}
	if diff := gocmp.Diff(open, descriptors(t, c.root)); diff != "" {
		t.Errorf("descriptors (-before +after):\n%s", diff)
	}
}

// choosesAction: libvirt 9 says what a watchdog does when it plugs one, libvirt 12
// when the domain starts.
func choosesAction(command string) bool { return command == "set-action" }
