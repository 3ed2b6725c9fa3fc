package libvirttest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/cmd/cmdtest"
)

// A domain has a TPM, of each of the models that domcapabilities offers; libvirt
// starts the swtpm behind it, and that is gone with the domain.
func TestTPM(t *testing.T) {
	t.Parallel()
	needLibvirt(t)
	cmdtest.NeedPeer(t, "swtpm_setup")
	c := connect(t)
	if offers := c.run("domcapabilities --emulatorbin %s", emulator); !strings.Contains(offers, "<value>tpm-crb</value>") {
		t.Errorf("domcapabilities offers no TPM:\n%s", offers)
	}
	for _, model := range []string{"tpm-tis", "tpm-crb"} {
		xml := fullXML(model, c.disk(model+".img"), "")
		tpm := "<tpm model='" + model + "'><backend type='emulator' version='2.0'/></tpm></devices>"
		c.run("define %s", c.file(model+".xml", strings.Replace(xml, "</devices>", tpm, 1)))
		c.run("start %s", model)
		c.eventually("running", "domstate %s", model)
		if diff := cmp.Diff([]string{model}, c.names(model, "query-tpm", "model")); diff != "" {
			t.Errorf("query-tpm (-want +have):\n%s", diff)
		}
		c.run("reset %s", model)
		image := c.root + "/files/" + model + ".save"
		c.run("save %s %s", model, image)
		c.run("restore %s", image)
		c.eventually("running", "domstate %s", model)
		c.run("destroy %s", model)
	}
}
