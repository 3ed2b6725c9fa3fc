package libvirttest

import (
	"os"
	"strings"
	"testing"
	"time"
)

// The domain of examples/libvirt starts, and has the guest that it asks for.
func TestExample(t *testing.T) {
	t.Parallel()
	c := connect(t)
	text, err := os.ReadFile("../../examples/libvirt/domain.xml")
	if err != nil {
		t.Fatal(err)
	}
	const path = "/usr/local/bin/qomd-system-x86_64"
	if !strings.Contains(string(text), path) {
		t.Fatalf("no %s in it", path)
	}
	c.run("define %s", c.file("domain.xml", strings.ReplaceAll(string(text), path, emulator)))
	c.run("start qomd")
	slow := c.file("slow.xml", strings.ReplaceAll(netXML, "ua-net", "ua-slow"))
	c.run("attach-device qomd %s --live", slow)
	if took := c.took("detach-device qomd %s --live", slow); took < 3*time.Second {
		t.Errorf("the slow device went after %v", took)
	}
	await(t, "it stays", func() bool { return !c.has("qomd", "ua-slow") })
	c.run("setvcpus qomd 4 --live")
	c.contains("vcpucount qomd", "current live 4")
}
