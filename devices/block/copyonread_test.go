package block_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/block/qcow2"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/qmptest"
)

// chain makes a disk of 512 KiB whose first half is in the base and whose second
// is in the middle, and an empty image over both.
func (r *rig) chain() (top string, content []byte) {
	content = append(bytes.Repeat([]byte("base"), 64<<10), bytes.Repeat([]byte("midd"), 64<<10)...)
	base := filepath.Join(r.t.TempDir(), "base")
	if err := os.WriteFile(base, append(bytes.Clone(content[:256<<10]), make([]byte, 256<<10)...), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.c.Must("blockdev-add", qmptest.A{"driver": "raw", "node-name": "base", "file": fileNode("base-file", base), "read-only": true})
	r.c.Must("blockdev-add", qmptest.A{"driver": "qcow2", "node-name": "mid", "backing": "base", "file": fileNode("mid-file", empty(r.t))})
	if err := r.write(r.disk("mid"), 256<<10, content[256<<10:]); err != nil {
		r.t.Fatal(err)
	}
	r.c.Must("device_del", qmptest.A{"id": "dev-mid"})
	r.c.Await("DEVICE_DELETED")
	return empty(r.t), content
}

// empty makes an empty qcow2 image of 512 KiB.
func empty(t *testing.T) string {
	name := image(t, 0)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err == nil {
		defer f.Close()
		err = qcow2.Create(newFile{f}, qcow2.Options{Size: 512 << 10})
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// kept tells which clusters an image has itself, a letter each.
func kept(t *testing.T, name string) string {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := qcow2.Open(newFile{f}, false)
	if err != nil {
		t.Fatal(err)
	}
	var s []byte
	for off := int64(0); off < img.Size(); off += 64 << 10 {
		k, _, err := img.Extent(off, 1)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, map[qcow2.Kind]byte{qcow2.Unallocated: '-', qcow2.Data: 'D', qcow2.Zero: '0'}[k])
	}
	return string(s)
}

// TestCopyOnRead: what is read stays in the image on top, a guest's writes are not
// undone, and a bottom limits what is copied.
func TestCopyOnRead(t *testing.T) {
	for name, c := range map[string]struct {
		filter qmptest.A // nil: a drive with copy-on-read
		drive  string
		want   string
	}{
		"filter":      {filter: qmptest.A{}, want: "D-DDDD--"},
		"bottom":      {filter: qmptest.A{"bottom": "mid"}, want: "--D-DD--"},
		"bottom base": {filter: qmptest.A{"bottom": "base"}, want: "D-DDDD--"},
		"bottom top":  {filter: qmptest.A{"bottom": "top"}, want: "--D-----"},
		"drive":       {drive: "on", want: "D-DDDD--"},
		"drive off":   {drive: "off", want: "--D-----"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			top, content := r.chain()
			var d qdev.Disk
			if c.filter != nil {
				r.c.Must("blockdev-add", qmptest.A{"driver": "qcow2", "node-name": "top", "backing": "mid", "file": fileNode("f", top)})
				c.filter["driver"], c.filter["node-name"], c.filter["file"] = "copy-on-read", "cor", "top"
				r.c.Must("blockdev-add", c.filter)
				d = r.disk("cor")
			} else {
				var err error
				r.m.Do(func() {
					var b *block.Backend
					if b, err = r.m.Blocks.AddDrive("cor", qjson.NewObject(qjson.Member{Name: "if", Value: "none"},
						qjson.Member{Name: "file", Value: top}, qjson.Member{Name: "format", Value: "qcow2"},
						qjson.Member{Name: "backing", Value: "mid"}, qjson.Member{Name: "copy-on-read", Value: c.drive}), r.m.Wiring()); err == nil {
						d = b.Async()
					}
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			copy(content[130<<10:], "written")
			if err := r.write(d, 130<<10, []byte("written")); err != nil {
				t.Fatal(err)
			}
			for _, at := range []struct{ off, n int }{{1000, 512}, {130 << 10, 4096}, {200 << 10, 170 << 10}} {
				if got, err := r.read(d, int64(at.off), at.n); err != nil || !bytes.Equal(got, content[at.off:at.off+at.n]) {
					t.Errorf("at %d the guest sees other data (%v)", at.off, err)
				}
			}
			if got := kept(t, top); got != c.want {
				t.Errorf("the image has %s, want %s", got, c.want)
			}
			r.holds(d, content)
		})
	}
}

// TestCopyOnReadBottom: a bottom must be a node of the chain.
func TestCopyOnReadBottom(t *testing.T) {
	r := newRig(t)
	top, _ := r.chain()
	r.c.Must("blockdev-add", qmptest.A{"driver": "qcow2", "node-name": "top", "backing": "mid", "file": fileNode("f", top)})
	r.c.Must("blockdev-add", qmptest.A{"driver": "copy-on-read", "node-name": "cor", "file": "top"})
	for bottom, want := range map[string]string{
		"zz":  "Bottom node 'zz' not found",
		"cor": "Bottom node 'cor' is a filter",
	} {
		if got := r.c.MustFail("blockdev-add", qmptest.A{"driver": "copy-on-read", "node-name": "c", "file": "top", "bottom": bottom}); got != want {
			t.Errorf("bottom %s: %q, want %q", bottom, got, want)
		}
	}
}
