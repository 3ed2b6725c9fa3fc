package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/client"
)

// human runs a line of the human monitor, which must print what is wanted.
func human(t *testing.T, c *client.Client, line, want string) {
	t.Helper()
	if got := ask[string](t, c, "human-monitor-command", dict{"command-line": line}); got != want {
		t.Fatalf("%s: %q, want %q", line, got, want)
	}
}

// TestSaveAndLoad saves a machine in an image, changes it, and loads it: the tree
// is what it was, devices that came meanwhile are gone. A second process loads it
// too, from the image that the first has left.
func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	base, image := filepath.Join(dir, "base"), filepath.Join(dir, "x.qcow2")
	if err := os.WriteFile(base, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p, c := monitor(t, "qmp", append(tenDevices, "-blockdev", "file,node-name=base,filename="+base,
		"-device", "virtio-blk-pci,id=blk,drive=base,bus=pcie.0,addr=8")...)
	ask[dict](t, c, "blockdev-snapshot-sync", dict{"node-name": "base", "snapshot-file": image, "snapshot-node-name": "disk"})
	human(t, c, "savevm then", "")
	want := tree(t, c)

	ask[dict](t, c, "device_add", dict{"driver": "usb-mouse", "id": "mouse", "bus": "xhci.0"})
	ask[dict](t, c, "balloon", dict{"value": 32 << 20})
	human(t, c, "savevm now", "")
	if diff := cmp.Diff(want, tree(t, c)); diff == "" {
		t.Fatal("nothing has changed")
	}
	human(t, c, "loadvm then", "")
	if diff := cmp.Diff(want, tree(t, c)); diff != "" {
		t.Errorf("after loadvm (-before +after):\n%s", diff)
	}
	human(t, c, "loadvm now", "")
	if tree(t, c)["/machine/peripheral/mouse"] == nil {
		t.Error("what was there at the second snapshot did not come back")
	}
	if got := ask[string](t, c, "human-monitor-command", dict{"command-line": "info snapshots"}); strings.Count(got, "\n") != 4 {
		t.Errorf("info snapshots:\n%s", got)
	}
	ask[dict](t, c, "quit", nil)
	p.wait()
	again := append(tenDevices, "-S", "-loadvm", "now", "-blockdev", "qcow2,node-name=disk,file.driver=file,file.filename="+image,
		"-device", "virtio-blk-pci,id=blk,drive=disk,bus=pcie.0,addr=8")
	if p, c = monitor(t, "qmp2", again...); tree(t, c)["/machine/peripheral/mouse"] == nil {
		t.Error("what was there at the second snapshot did not come back in another process")
	}
	if got := ask[status](t, c, "query-status", nil).Status; got != "prelaunch" {
		t.Errorf("a machine that -loadvm made and -S holds is %s", got)
	}
	ask[dict](t, c, "quit", nil)
	p.wait()
	if tool, err := exec.LookPath("qemu-img"); err == nil {
		if out, err := exec.Command(tool, "check", "-f", "qcow2", image).CombinedOutput(); err != nil {
			t.Errorf("qemu-img check: %v\n%s", err, out)
		}
	}
}
