package libvirttest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A domain moves from one libvirt to another, with what it had. libvirt wants
// two hosts: each daemon has a name and a number of its own.
func TestMigration(t *testing.T) {
	t.Parallel()
	needLibvirt(t)
	if out, err := exec.Command("unshare", "--uts", "true").CombinedOutput(); err != nil {
		t.Skipf("no second host name: %v: %s", err, out)
	}
	from, to := startDaemon(t, "from"), startDaemon(t, "to")
	from.run("create", from.file("moves.xml", fmt.Sprintf(smallXML, "moves", emulator)))
	net := from.file("net.xml", netXML)
	from.run("attach-device", "moves", net, "--live")
	from.run("migrate", "--live", "moves", to.uri(), "--migrateuri", "unix://"+from.root+"/move.sock")
	if left := from.run("list", "--name"); left != "" {
		t.Errorf("%s is still there", left)
	}
	if state := to.run("domstate", "moves"); state != "running" {
		t.Errorf("it is %s", state)
	}
	text, err := os.ReadFile(net)
	if err != nil {
		t.Fatal(err)
	}
	to.run("detach-device", "moves", to.file("net.xml", string(text)), "--live")
	if strings.Contains(to.run("dumpxml", "moves"), "ua-net") {
		t.Error("the device stays")
	}
}
