package libvirttest

import "testing"

// A domain is saved to a file and goes on from it, with what it had.
func TestSaveAndRestore(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("save", "")
	xml := c.file("net.xml", netXML)
	c.run("attach-device save %s --live", xml)
	image := c.root + "/files/save.img"
	c.run("save save %s", image)
	c.eventually("shut off (saved)", "domstate save --reason")
	c.heard("MIGRATION", "MIGRATION_PASS")
	c.run("restore %s", image)
	c.eventually("running (restored)", "domstate save --reason")
	if !c.has("save", "ua-net") {
		t.Error("the device is gone")
	}
	c.run("detach-device save %s --live", xml)
	c.run("managedsave save")
	c.eventually("shut off (saved)", "domstate save --reason")
	c.run("start save")
	c.eventually("running (restored)", "domstate save --reason")
}
