package libvirttest

import "testing"

// A libvirt that starts again finds its domains and goes on with them.
func TestRestart(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("restart", "")
	xml := c.file("net.xml", netXML)
	c.run("attach-device restart %s --live", xml)
	pids := processes(c.root)
	c.restart()
	c.eventually("running", "domstate restart")
	c.eventually("ok", "domcontrol restart")
	if now := processes(c.root); len(now) != 1 || now[0] != pids[0] {
		t.Errorf("process %v became %v", pids, now)
	}
	c.run("detach-device restart %s --live", xml)
	if c.has("restart", "ua-net") {
		t.Error("the device stays")
	}
	c.run("suspend restart")
	c.restart()
	c.eventually("paused", "domstate restart")
	c.run("resume restart")
	c.eventually("running", "domstate restart")
}
