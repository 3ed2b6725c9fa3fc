package libvirttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// domainXML is a machine with a bit of everything and room to plug things in:
// NAME, EMULATOR, DISK, and EXTRA at the end of the domain.
const domainXML = `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>NAME</name>
  <maxMemory slots='4' unit='MiB'>2048</maxMemory>
  <memory unit='MiB'>256</memory>
  <vcpu current='2'>4</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu><numa><cell id='0' cpus='0-3' memory='256' unit='MiB'/></numa></cpu>
  <devices>
    <emulator>EMULATOR</emulator>
    <controller type='pci' index='0' model='pcie-root'/>
    PORTS
    <controller type='pci' model='pcie-to-pci-bridge'/>
    <controller type='usb' model='qemu-xhci'/>
    <controller type='scsi' model='virtio-scsi'/>
    <controller type='virtio-serial'/>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='DISK'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/></interface>
    <serial type='pty'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <input type='tablet' bus='usb'/>
    <video><model type='vga'/></video>
    <memballoon model='virtio'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
  EXTRA
</domain>`

// define defines a domain; extra is XML for its end.
func (c *connection) define(name, extra string) {
	c.t.Helper()
	c.run("define %s", c.file(name+".xml", fullXML(name, c.disk(name+".img"), extra)))
}

// fullXML is domainXML filled in.
func fullXML(name, disk, extra string) string {
	return strings.NewReplacer("NAME", name, "EMULATOR", emulator, "DISK", disk, "EXTRA", extra,
		"PORTS", strings.Repeat("<controller type='pci' model='pcie-root-port'/>\n", 16)).Replace(domainXML)
}

// start defines and starts a domain.
func (c *connection) start(name, extra string) {
	c.t.Helper()
	c.define(name, extra)
	c.run("start %s", name)
	c.eventually("running", "domstate %s", name)
}

// guestOf is the end of a domain whose guest has a mind of its own.
func guestOf(options string) string {
	return fmt.Sprintf("<qemu:commandline><qemu:arg value='-object'/><qemu:arg value='x-guest,id=guest,%s'/></qemu:commandline>", options)
}

// query asks the domain's monitor, past libvirt, and decodes the answer.
func (c *connection) query(name, command string, into any) {
	c.t.Helper()
	text := c.run("qemu-monitor-command %s '%s'", name, command)
	reply := struct {
		Return any `json:"return"`
	}{into}
	if err := json.Unmarshal([]byte(text), &reply); err != nil {
		c.t.Fatalf("%s: %v in %s", command, err, text)
	}
}

// names lists the values of a member in the answer to a query.
func (c *connection) names(domain, command, member string) []string {
	c.t.Helper()
	var list []map[string]any
	c.query(domain, command, &list)
	var names []string
	for _, o := range list {
		if s, ok := o[member].(string); ok {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}

// took runs a command that must work and returns how long it took.
func (c *connection) took(format string, args ...any) time.Duration {
	c.t.Helper()
	begin := time.Now()
	c.run(format, args...)
	return time.Since(begin)
}

func fields(text string) []string { return strings.Fields(text) }
