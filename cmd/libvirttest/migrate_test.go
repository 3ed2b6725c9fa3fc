package libvirttest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// hosts starts two libvirts. They take themselves for two hosts, or would not
// migrate: each daemon has a name and a number of its own.
func hosts(t *testing.T) (from, to *daemon) {
	t.Helper()
	needLibvirt(t)
	if out, err := exec.Command("unshare", "--uts", "true").CombinedOutput(); err != nil {
		t.Skipf("no second host name: %v: %s", err, out)
	}
	return startDaemon(t, "from"), startDaemon(t, "to")
}

// A domain moves from one libvirt to another, with what it had.
func TestMigration(t *testing.T) {
	t.Parallel()
	from, to := hosts(t)
	from.run("create", from.file("moves.xml", fmt.Sprintf(smallXML, "moves", emulator)))
	net := from.file("net.xml", netXML)
	from.run("attach-device", "moves", net, "--live")
	from.migrate(to)
	if left := from.run("list", "--name"); left != "" {
		t.Errorf("%s is still there", left)
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

// What was plugged at the source is on the command line of the destination, and
// what was unplugged is not: all of it meets its state there, can be let go
// there, and comes back when it moves home.
func TestMigrationOfDevices(t *testing.T) {
	t.Parallel()
	from, to := hosts(t)
	from.run("create", from.file("moves.xml", fullXML("moves", from.disk("moves.img"), "")))
	from.run("setvcpus", "moves", "3", "--live")
	from.run("detach-device-alias", "moves", "rng0", "--live")
	var there []hotplug
	for i, h := range hotplugs {
		if h.name == "shmem" || h.xml == "" { // libvirt does not migrate it, or it is none
			continue
		}
		h.alias = fmt.Sprintf("ua-%c", 'a'+i)
		xml := strings.NewReplacer("ua-x", h.alias, "DIR/a.img", from.disk(h.alias+".img"), "DIR", from.root).Replace(h.xml)
		from.run("attach-device", "moves", from.file(h.alias+".xml", xml), "--live")
		there = append(there, h)
	}
	from.migrate(to)
	to.migrate(from)
	from.migrate(to)
	for _, h := range there {
		to.run("detach-device-alias", "moves", h.alias, "--live")
		await(t, h.name+" stays", func() bool { return !strings.Contains(to.run("dumpxml", "moves"), h.alias) })
	}
}

// migrate moves the domain "moves", whose disks both hosts have.
func (d *daemon) migrate(to *daemon) {
	d.t.Helper()
	d.run("migrate", "--live", "--unsafe", "moves", to.uri(), "--migrateuri", "unix://"+d.root+"/move.sock")
	if state := to.run("domstate", "moves"); state != "running" {
		d.t.Errorf("it is %s", state)
	}
}
