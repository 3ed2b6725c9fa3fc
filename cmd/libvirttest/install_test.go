package libvirttest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/cmd/cmdtest"
)

// What virt-install makes by default starts, and its screen can be looked at.
func TestVirtInstall(t *testing.T) {
	t.Parallel()
	needLibvirt(t)
	cmdtest.NeedPeer(t, "virt-install")
	d := startDaemon(t, "")
	for i, more := range [][]string{
		nil,
		{"--machine", "q35", "--channel", "unix,target.type=virtio,target.name=org.qemu.guest_agent.0"},
		{"--graphics", "none", "--rng", "/dev/urandom", "--watchdog", "default", "--memballoon", "virtio", "--sound", "none"},
	} {
		name := fmt.Sprintf("install%d", i)
		args := []string{"--connect", d.uri(), "--name", name, "--memory", "128", "--vcpus", "2", "--virt-type", "qemu",
			"--osinfo", "detect=on,require=off", "--boot", "emulator=" + emulator, "--disk", d.disk(name + ".img"), "--import",
			"--network", "user", "--noautoconsole", "--transient"}
		if out, err := d.command("virt-install", append(args, more...)...).CombinedOutput(); err != nil {
			t.Fatalf("virt-install %q: %v\n%s", more, err, out)
		}
		if state := d.run("domstate", name); state != "running" {
			t.Errorf("%s is %s", name, state)
		}
		display, err := d.virsh("domdisplay", name)
		switch at, found := strings.CutPrefix(display, "vnc://"); {
		case i < 2 && !found:
			t.Errorf("%s has no screen: %v %s", name, err, display)
		case found:
			checkVNC(t, at)
		}
	}
	for _, pool := range fields(d.run("pool-list", "--name")) { // virt-install makes one of the disks' folder
		d.run("pool-destroy", pool)
	}
}

// checkVNC looks for a VNC server at the address of a display.
func checkVNC(t *testing.T, at string) {
	t.Helper()
	host, number, _ := strings.Cut(at, ":")
	var n int
	if _, err := fmt.Sscan(number, &n); err != nil {
		t.Fatalf("display %q: %v", at, err)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(5900+n)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	greeting := make([]byte, 12)
	if _, err := conn.Read(greeting); err != nil || string(greeting) != "RFB 003.008\n" {
		t.Errorf("it says %q: %v", greeting, err)
	}
}
