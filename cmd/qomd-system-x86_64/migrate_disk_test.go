package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Two machines have the same image open while one moves to the other; only the
// one that runs has it locked, and may write.
func TestMigrateDisk(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-machine", "q35", "-accel", "tcg", "-nodefaults", "-display", "none",
		"-blockdev", "file,node-name=disk,filename=" + image, "-device", "virtio-blk-pci,id=d,drive=disk"}
	_, source := monitor(t, "source", args...)
	_, target := monitor(t, "target", append(args, "-incoming", "defer")...)
	uri := "unix:" + filepath.Join(dir, "stream")
	ask[dict](t, target, "migrate-incoming", dict{"uri": uri})
	ask[dict](t, source, "block_resize", dict{"node-name": "disk", "size": 2 << 20})
	if err := target.Execute(t.Context(), "blockdev-set-active", dict{"active": true}, nil); err == nil {
		t.Error("the destination took the image while the source runs")
	}
	ask[dict](t, source, "migrate", dict{"uri": uri})
	await(t, source, "completed")
	await(t, target, "completed")
	nodes := ask[[]struct {
		Active bool
		Image  struct {
			Size int64 `json:"virtual-size"`
		}
	}](t, target, "query-named-block-nodes", nil)
	if n := nodes[0]; !n.Active || n.Image.Size != 2<<20 {
		t.Errorf("the destination has %+v", n)
	}
	if err := source.Execute(t.Context(), "cont", nil, nil); err == nil || err.Error() != `Failed to get "write" lock` {
		t.Errorf("the source goes on: %v", err)
	}
}
