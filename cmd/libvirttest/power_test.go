package libvirttest

import (
	"testing"
)

// The states of a domain's life, as libvirt reads them from events.
func TestPower(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("power", guestOf("devices.ua-net.temper=ignore"))
	pids := processes(c.root)
	c.run("suspend power")
	c.eventually("paused (user)", "domstate power --reason")
	c.run("resume power")
	c.eventually("running (unpaused)", "domstate power --reason")
	c.run("reset power")
	c.eventually("running (unpaused)", "domstate power --reason")
	c.run("inject-nmi power")
	// The guest powers off and libvirt resets the machine, which completes what
	// the guest has ignored.
	c.run("attach-device power %s --live", c.file("net.xml", netXML))
	c.run("detach-device-alias power ua-net --live")
	c.run("reboot power")
	await(t, "there was no reset", func() bool { return !c.has("power", "ua-net") })
	c.eventually("running", "domstate power")
	if now := processes(c.root); len(now) != 1 || now[0] != pids[0] {
		t.Errorf("process %v became %v", pids, now)
	}
	c.run("shutdown power")
	c.eventually("shut off (shutdown)", "domstate power --reason")
	c.heard("STOP", "RESUME", "RESET", "SHUTDOWN")
	c.run("start power")
	c.eventually("running (booted)", "domstate power --reason")
	c.run("destroy power")
	c.eventually("shut off (destroyed)", "domstate power --reason")
	c.run("undefine power")
	if left := c.run("list --all --name"); left != "" {
		t.Errorf("%q is left", left)
	}
}
