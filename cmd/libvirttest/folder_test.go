package libvirttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A domain shares folders by 9P, libvirt's default, in each of its access modes.
// As long as no guest has one mounted it is saved and restored.
func TestFolders(t *testing.T) {
	t.Parallel()
	needLibvirt(t)
	c := connect(t)
	xml, want := fullXML("shares", c.disk("shares.img"), ""), []string{}
	for i, mode := range []string{"passthrough", "mapped", "squash"} {
		readonly := ""
		if mode == "squash" {
			readonly = "<readonly/>"
		}
		xml = strings.Replace(xml, "</devices>", fmt.Sprintf("<filesystem type='mount' accessmode='%s'><source dir='%s/files'/>"+
			"<target dir='tag%d'/>%s</filesystem></devices>", mode, c.root, i, readonly), 1)
		want = append(want, fmt.Sprintf("tag%d", i))
	}
	c.run("define %s", c.file("shares.xml", xml))
	c.run("start shares")
	c.eventually("running", "domstate shares")
	var tags []string
	for i := range want {
		get := fmt.Sprintf(`{"execute":"qom-get","arguments":{"path":"/machine/peripheral/fs%d","property":"mount_tag"}}`, i)
		var tag string
		c.query("shares", get, &tag)
		tags = append(tags, tag)
	}
	if diff := cmp.Diff(want, tags); diff != "" {
		t.Errorf("tags (-want +have):\n%s", diff)
	}
	image := c.root + "/files/shares.save"
	c.run("save shares %s", image)
	c.run("restore %s", image)
	c.eventually("running", "domstate shares")
}
