package block_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

// TestCommandLine: nodes and drives that a machine starts with.
func TestCommandLine(t *testing.T) {
	name := image(t, 1<<20)
	c := qmptest.Start(t, qmptest.PC(), qmptest.Args(
		"-blockdev", "driver=null-co,node-name=zeros,size=65536,read-only=on",
		"-blockdev", `{"driver": "raw", "node-name": "fmt", "file": {"driver": "file", "filename": "`+name+`"}}`,
		"-drive", "file="+name+",if=none,id=d0,format=raw,read-only=on,cache=none",
		"-drive", "file=null-co://,if=virtio,format=raw,bps=1000",
		"-device", "virtio-blk-pci,id=v,drive=fmt",
	)).Client()
	var blocks []struct {
		Device, QDev string
		Inserted     struct {
			Driver   string `json:"drv"`
			ReadOnly bool   `json:"ro"`
			BPS      int64  `json:"bps"`
			File     string `json:"file"`
			Cache    struct{ Direct bool }
		}
	}
	c.Must("query-block", nil, &blocks)
	var got []string
	for _, b := range blocks {
		line := b.Device + "|" + b.QDev + "|" + b.Inserted.Driver + "|" + strings.ReplaceAll(b.Inserted.File, name, "FILE")
		if b.Inserted.ReadOnly {
			line += "|ro"
		}
		if b.Inserted.Cache.Direct {
			line += "|direct"
		}
		if b.Inserted.BPS != 0 {
			line += "|limited"
		}
		got = append(got, line)
	}
	want := []string{
		"d0||raw|FILE|ro|direct",
		"virtio0|/machine/peripheral-anon/device[0]/virtio-backend|raw|null-co://|limited",
		"|/machine/peripheral/v/virtio-backend|raw|FILE",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query-block (-want +got):\n%s", diff)
	}
	if got := c.MustFail("blockdev-add", qmptest.A{"driver": "null-co", "node-name": "d0"}); got != "node-name=d0 is conflicting with a device id" {
		t.Errorf("a drive's name for a node: %s", got)
	}
	c.Must("blockdev-del", qmptest.A{"node-name": "zeros"})
}
