package libvirttest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unplugTime is how long libvirt waits for a device to go.
const unplugTime = 5 * time.Second

const netXML = `<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/><alias name='ua-net'/></interface>`

const dimmXML = `<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target><alias name='ua-dimm'/></memory>`

// has reports whether the live XML of a domain has an alias.
func (c *connection) has(domain, alias string) bool {
	c.t.Helper()
	return strings.Contains(c.run("dumpxml %s", domain), "<alias name='"+alias+"'/>")
}

// A guest that does not answer keeps its device: libvirt gives up waiting and
// tells its user nothing. A reset takes the device away.
func TestGuestIgnores(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("ignores", guestOf("temper=ignore"))
	xml := c.file("net.xml", netXML)
	c.run("attach-device ignores %s --live", xml)
	if took := c.took("detach-device ignores %s --live", xml); took < unplugTime {
		t.Errorf("detach returned after %v", took)
	}
	if !c.has("ignores", "ua-net") {
		t.Error("the device is gone")
	}
	// By its alias it is asked for without waiting, and asked again it is no
	// nearer to going.
	talk := c.during("detach-device-alias ignores ua-net --live")
	if diff := cmp.Diff([]string{"device_del"}, changes(talk)); diff != "" {
		t.Errorf("asked again (-want +have):\n%s", diff)
	}
	if !c.has("ignores", "ua-net") {
		t.Error("the device is gone")
	}
	c.run("reset ignores")
	await(t, "the device survives a reset", func() bool { return !c.has("ignores", "ua-net") })
}

// Without a guest nobody answers; devices that need none go all the same.
func TestNoGuest(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("nobody", `<qemu:commandline><qemu:env name='QOMD_GUEST' value='none'/></qemu:commandline>`)
	c.disk("a.img")
	for _, h := range hotplugs {
		if !slices.Contains([]string{"scsi disk", "usb disk", "usb tablet", "redirdev", "channel"}, h.name) {
			continue
		}
		c.run("attach-device nobody %s --live", c.file("device.xml", strings.ReplaceAll(h.xml, "DIR", c.root+"/files")))
		c.run("detach-device-alias nobody ua-x --live")
		await(t, h.name+" stays", func() bool { return !c.has("nobody", "ua-x") })
	}
	for alias, xml := range map[string]string{"ua-net": netXML, "ua-dimm": dimmXML} {
		file := c.file("device.xml", xml)
		c.run("attach-device nobody %s --live", file)
		if took := c.took("detach-device nobody %s --live", file); took < unplugTime || !c.has("nobody", alias) {
			t.Errorf("%s went after %v", alias, took)
		}
	}
	c.run("setvcpus nobody 3 --live")
	c.fails("vcpu unplug request timed out", "setvcpus nobody 2 --live")
	c.contains("vcpucount nobody", "current live 3")
	c.run("shutdown nobody")
	if state := c.run("domstate nobody"); state != "running" {
		t.Errorf("the domain is %s after a power button that nobody sees", state)
	}
	c.run("reset nobody")
	await(t, "the card survives a reset", func() bool { return !c.has("nobody", "ua-net") })
	if !c.has("nobody", "ua-dimm") {
		t.Error("the module does not survive a reset")
	}
}

// A guest that refuses a memory module says so, and libvirt's user hears it.
func TestGuestRefuses(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("refuses", guestOf("temper=refuse"))
	xml := c.file("dimm.xml", dimmXML)
	c.run("attach-device refuses %s --live", xml)
	begin := time.Now()
	c.fails("was rejected by the guest", "detach-device refuses %s --live", xml)
	if took := time.Since(begin); took >= unplugTime {
		t.Errorf("detach returned after %v", took)
	}
	c.heard("ACPI_DEVICE_OST")
	if !c.has("refuses", "ua-dimm") {
		t.Error("the module is gone")
	}
}

// A guest that takes its time: libvirt waits for it, and what comes later than
// that completes by itself.
func TestGuestIsLate(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("late", guestOf("devices.ua-net.delay-ms=300,devices.ua-dimm.delay-ms=5500"))
	net, dimm := c.file("net.xml", netXML), c.file("dimm.xml", dimmXML)
	c.run("attach-device late %s --live", net)
	if took := c.took("detach-device late %s --live", net); took < 300*time.Millisecond || took >= unplugTime {
		t.Errorf("detach returned after %v", took)
	}
	if c.has("late", "ua-net") {
		t.Error("the card is there")
	}
	c.run("attach-device late %s --live", dimm)
	if took := c.took("detach-device late %s --live", dimm); took < unplugTime {
		t.Errorf("detach returned after %v", took)
	}
	await(t, "the module stays", func() bool { return !c.has("late", "ua-dimm") })
	if left := c.names("late", `{"execute":"query-memory-devices"}`, "type"); len(left) > 0 {
		t.Errorf("modules %v are left", left)
	}
}
