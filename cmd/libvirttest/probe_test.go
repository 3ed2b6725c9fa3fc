package libvirttest

import (
	"os"
	"regexp"
	"testing"
)

// libvirt finds out what the emulator can do, KVM where the host has it for us.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	c := connect(t)
	caps := c.run("domcapabilities --emulatorbin %s --virttype qemu --machine q35", emulator)
	for _, want := range []string{
		"<machine>pc-q35-11.1</machine>", "<arch>x86_64</arch>", "<value>virtio</value>", "<value>usb</value>",
		"<memoryBacking supported='yes'>", "<model usable='yes' vendor='unknown'[^>]*>qemu64</model>",
	} {
		if !regexp.MustCompile(want).MatchString(caps) {
			t.Errorf("no %s in\n%s", want, caps)
		}
	}
	kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err == nil {
		kvm.Close()
		c.run("domcapabilities --emulatorbin %s --virttype kvm", emulator)
	} else {
		c.fails("KVM is not supported", "domcapabilities --emulatorbin %s --virttype kvm", emulator)
	}
}

// All that libvirt asks when it finds out about the emulator and when it starts a
// domain is answered, but for questions of encrypted memory and of mainframes
func TestTalk(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.run("domcapabilities --emulatorbin %s --virttype qemu --machine q35", emulator)
	c.start("talk", "")
	list := wire(t, c.root)
	for i, m := range list {
		if m.Error == nil {
			continue
		}
		if command := asked(list[:i], m); !tolerated.MatchString(command) {
			t.Errorf("%s\nanswers %s", command, m.line)
		}
	}
	c.heard("RESUME")
}

// tolerated are questions that QEMU answers by an error too.
var tolerated = regexp.MustCompile(`"query-(sev|sgx)-capabilities"|"virtio-\w+-ccw"`)

// What the emulator says when it cannot start is what libvirt's user reads.
func TestStartFails(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.define("odd", "<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='nonsense'/></qemu:commandline>")
	c.fails("-device nonsense: 'nonsense' is not a valid device model name", "start odd")
	if state := c.run("domstate odd"); state != "shut off" {
		t.Errorf("the domain is %s", state)
	}
	os.Remove(c.root + "/log/qemu/odd.log") // says the same
}
