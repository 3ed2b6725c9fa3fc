package block_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qmptest"
)

// qcow2Node makes a qcow2 image in a folder and returns the options of its node.
func qcow2Node(t *testing.T, tool, name string) (options qmptest.A, path string) {
	path = filepath.Join(t.TempDir(), name+".qcow2")
	run(t, tool, "create", "-q", "-f", "qcow2", path, "1M")
	return qmptest.A{"driver": "qcow2", "node-name": name, "file": qmptest.A{"driver": "file", "filename": path}}, path
}

// unplug takes the disk of a node away, and then the node.
func (r *rig) unplug(node string) {
	r.c.Must("device_del", qmptest.A{"id": "dev-" + node})
	r.c.Must("blockdev-del", qmptest.A{"node-name": node})
}

// TestSnapshotInside: what is written after a snapshot is not in it, as QEMU's
// own tool reads it; deleted, it leaves nothing.
func TestSnapshotInside(t *testing.T) {
	tool := qemuImg(t)
	node, path := qcow2Node(t, tool, "q")
	r := newRig(t, node)
	d := r.disk("q")
	before, after := bytes.Repeat([]byte("before.."), 8192), bytes.Repeat([]byte("after..."), 8192)
	for _, data := range [][]byte{before, after} {
		if err := r.write(d, 32<<10, data); err != nil {
			t.Fatal(err)
		}
		if len(data) > 0 && data[0] == 'b' {
			r.c.Must("blockdev-snapshot-internal-sync", qmptest.A{"device": "q", "name": "then"})
		}
	}
	r.unplug("q")
	run(t, tool, "check", "-q", path)
	for name, want := range map[string][]byte{"then": before, "": after} {
		raw := filepath.Join(t.TempDir(), "raw")
		args := []string{"convert", "-O", "raw", path, raw}
		if name != "" {
			args = append([]string{"convert", "-l", "snapshot.name=" + name}, args[1:]...)
		}
		run(t, tool, args...)
		got, err := os.ReadFile(raw)
		if err != nil || !bytes.Equal(got[32<<10:][:len(want)], want) || !bytes.Equal(got[:32<<10], make([]byte, 32<<10)) {
			t.Errorf("snapshot %q holds something else: %v", name, err)
		}
	}
	r.c.Must("blockdev-add", node)
	r.c.Must("blockdev-snapshot-delete-internal-sync", qmptest.A{"device": "q", "name": "then"})
	r.c.Must("blockdev-del", qmptest.A{"node-name": "q"})
	run(t, tool, "check", "-q", path)
	if out, err := exec.Command(tool, "snapshot", "-l", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("qemu-img snapshot -l: %v\n%s", err, out)
	}
}

// TestPersistentBitmap: a bitmap is the same after its node was closed and opened
// again, and QEMU's own tool reads and merges it; a node that was not closed
// leaves one that nobody can use.
func TestPersistentBitmap(t *testing.T) {
	tool := qemuImg(t)
	node, path := qcow2Node(t, tool, "q")
	r := newRig(t, node)
	hash := func(name string) string {
		var sum struct{ SHA256 string }
		r.c.Must("x-debug-block-dirty-bitmap-sha256", qmptest.A{"node": "q", "name": name}, &sum)
		return sum.SHA256
	}
	r.c.Must("block-dirty-bitmap-add", qmptest.A{"node": "q", "name": "b", "granularity": 4096, "persistent": true})
	empty := hash("b")
	d := r.disk("q")
	for _, off := range []int64{0, 40 << 10, 1020 << 10} {
		if err := r.write(d, off, make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
	}
	want := hash("b")
	if want == empty {
		t.Fatal("no write was noted")
	}
	if lost, err := os.ReadFile(path); err != nil || bytes.Contains(lost, []byte("\x02b\x00")) {
		t.Errorf("the bitmap is in the image already: %v", err)
	}
	r.unplug("q")
	run(t, tool, "check", "-q", path)
	run(t, tool, "bitmap", "--add", "-g", "4096", path, "c")
	run(t, tool, "bitmap", "--merge", "b", path, "c")
	r.c.Must("blockdev-add", node)
	for _, name := range []string{"b", "c"} {
		if got := hash(name); got != want {
			t.Errorf("bitmap %s is another one now", name)
		}
	}
	out, err := exec.Command(tool, "info", "-U", path).CombinedOutput()
	if err != nil || strings.Count(string(out), "in-use") != 2 {
		t.Errorf("qemu-img info while the image is open: %v\n%s", err, out)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(copied, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.c.Must("blockdev-add", qmptest.A{"driver": "qcow2", "node-name": "lost", "file": qmptest.A{"driver": "file", "filename": copied}})
	got := r.c.MustFail("block-dirty-bitmap-clear", qmptest.A{"node": "lost", "name": "b"})
	if want := "Bitmap 'b' is inconsistent and cannot be used"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHistograms: requests are counted by how long they took.
func TestHistograms(t *testing.T) {
	q := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"))
	r := &rig{t, q.VM.Machine, q.Client()}
	r.c.Must("blockdev-add", qmptest.A{"driver": "null-aio", "node-name": "n", "latency-ns": int64(time.Millisecond)})
	d := r.disk("n")
	ms := int64(time.Millisecond)
	r.c.Must("block-latency-histogram-set", qmptest.A{"id": "dev-n", "boundaries": []int64{ms, 2 * ms}, "boundaries-flush": []int64{ms + 1}})
	for range 3 {
		r.m.Do(func() {
			d.WriteAt(&buffer{make([]byte, 512)}, 0, 512, func(error) {})
			d.Flush(func(error) {})
		})
		q.Step(time.Second)
	}
	type bins struct {
		Bins       []int64
		Boundaries []int64
	}
	var stats []struct {
		Stats struct {
			Write *bins `json:"wr_latency_histogram"`
			Read  *bins `json:"rd_latency_histogram"`
			Flush *bins `json:"flush_latency_histogram"`
		}
	}
	r.c.Must("query-blockstats", nil, &stats)
	got := []*bins{stats[0].Stats.Write, stats[0].Stats.Read, stats[0].Stats.Flush}
	want := []*bins{{[]int64{0, 3, 0}, []int64{ms, 2 * ms}}, {[]int64{0, 0, 0}, []int64{ms, 2 * ms}}, {[]int64{3, 0}, []int64{ms + 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("histograms (-want +got):\n%s", diff)
	}
}

// TestCommitByHand: people write to a drive by qemu-io and commit its layer; the
// bytes are then in the image behind it, and the layer is empty.
func TestCommitByHand(t *testing.T) {
	tool := qemuImg(t)
	dir := t.TempDir()
	base, layer := filepath.Join(dir, "base"), filepath.Join(dir, "layer")
	run(t, tool, "create", "-q", "-f", "raw", base, "512k")
	run(t, tool, "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", layer, "1M")
	r := newRig(t)
	human := func(line, want string) {
		t.Helper()
		var got string
		if r.c.Must("human-monitor-command", qmptest.A{"command-line": line}, &got); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	human("drive_add 0 if=none,id=d,format=qcow2,file="+layer, "OK\r\n")
	human(`qemu-io d "write -P 0x41 64k 100k"`, "")
	human(`qemu-io d "write -P 0x42 1000k 4k"`, "")
	human(`qemu-io d "write -z 100k 4k"`, "")
	want := make([]byte, 1<<20)
	copy(want[64<<10:], bytes.Repeat([]byte{0x41}, 100<<10))
	clear(want[100<<10:][:4<<10])
	copy(want[1000<<10:], bytes.Repeat([]byte{0x42}, 4<<10))
	human("commit d", "")
	if got, err := os.ReadFile(base); err != nil || !bytes.Equal(got, want) {
		t.Errorf("what was committed is not in the base: %v", err)
	}
	human("drive_del d", "")
	run(t, tool, "check", "-q", layer)
	run(t, tool, "compare", "-q", "-f", "raw", "-F", "qcow2", base, layer)
	out, err := exec.Command(tool, "map", "--output=json", layer).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"depth": 0, "present": true`) {
		t.Errorf("the layer still has something: %v\n%s", err, out)
	}
	human("commit d", "Error: Device 'd' not found\r\n")
}

// TestTemporary: what is written to a drive with snapshot=on is read back and
// forgotten; the image stays as it was.
func TestTemporary(t *testing.T) {
	name := image(t, 64<<10)
	r := newRig(t)
	var out string
	r.c.Must("human-monitor-command", qmptest.A{"command-line": "drive_add 0 if=none,id=d,format=raw,snapshot=on,file=" + name}, &out)
	r.c.Must("device_add", qmptest.A{"driver": "scsi-hd", "id": "hd", "drive": "d"})
	var d qdev.Disk
	r.m.Do(func() { d = r.m.Blocks.BackendOf("d").Async() })
	data := bytes.Repeat([]byte("scratch."), 64)
	if err := r.write(d, 512, data); err != nil {
		t.Fatal(err)
	}
	if got, err := r.read(d, 512, len(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read back: %v", err)
	}
	var list []block.Info
	if r.c.Must("query-block", nil, &list); len(list) == 0 || list[0].Inserted == nil || !strings.Contains(list[0].Inserted.File, "vl.") {
		t.Fatalf("query-block: %+v", list)
	}
	file := list[0].Inserted.File
	file = file[strings.LastIndex(file, `"filename": "`)+len(`"filename": "`):]
	if _, err := os.Stat(file[:strings.IndexByte(file, '"')]); !os.IsNotExist(err) {
		t.Errorf("the temporary file can be seen: %v", err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, make([]byte, 64<<10)) {
		t.Errorf("the image has changed: %v", err)
	}
}
