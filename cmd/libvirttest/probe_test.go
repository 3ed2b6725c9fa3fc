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
