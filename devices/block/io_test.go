package block_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qmptest"
)

// buffer is guest memory.
type buffer struct{ b []byte }

func (m *buffer) ReadAt(p []byte, off int64) (int, error)  { return copy(p, m.b[off:]), nil }
func (m *buffer) WriteAt(p []byte, off int64) (int, error) { return copy(m.b[off:], p), nil }

// rig is a machine with a disk that its tests read and write.
type rig struct {
	t *testing.T
	m *machine.Machine
	c *qmptest.Client
}

func newRig(t *testing.T, nodes ...qmptest.A) *rig {
	q := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"))
	r := &rig{t, q.VM.Machine, q.Client()}
	for _, n := range nodes {
		r.c.Must("blockdev-add", n)
	}
	return r
}

// disk returns the disk of a device that uses a node.
func (r *rig) disk(node string) qdev.Disk {
	r.c.Must("device_add", qmptest.A{"driver": "scsi-hd", "id": "dev-" + node, "drive": node})
	var d qdev.Disk
	r.m.Do(func() {
		o, err := qdev.Find(r.m.Env(), "dev-"+node)
		if err != nil {
			r.t.Error(err)
			return
		}
		d = qdev.BackendOf(&o.Object, "drive").(*block.Backend).Async()
	})
	return d
}

// wait starts a request and waits for its end.
func (r *rig) wait(start func(done func(error))) error {
	r.t.Helper()
	end := make(chan error, 1)
	r.m.Do(func() { start(func(err error) { end <- err }) })
	select {
	case err := <-end:
		return err
	case <-time.After(time.Minute):
		r.t.Fatal("request does not end")
		return nil
	}
}

func (r *rig) write(d qdev.Disk, off int64, data []byte) error {
	return r.wait(func(done func(error)) { d.WriteAt(&buffer{data}, off, int64(len(data)), done) })
}

func (r *rig) read(d qdev.Disk, off int64, n int) ([]byte, error) {
	b := &buffer{make([]byte, n)}
	err := r.wait(func(done func(error)) { d.ReadAt(b, off, int64(n), done) })
	return b.b, err
}

func image(t *testing.T, size int64) string {
	name := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
	return name
}

func fileNode(name, file string) qmptest.A {
	return qmptest.A{"driver": "file", "node-name": name, "filename": file}
}

// TestFile moves bytes through a raw node with an offset to a real file.
func TestFile(t *testing.T) {
	name := image(t, 1<<20)
	r := newRig(t, fileNode("f", name),
		qmptest.A{"driver": "raw", "node-name": "r", "file": "f", "offset": 4096, "size": 1<<20 - 4096})
	d := r.disk("r")
	data := bytes.Repeat([]byte("block of data..."), 40000) // more than one piece
	if err := r.write(d, 512, data); err != nil {
		t.Fatal(err)
	}
	if err := r.wait(d.Flush); err != nil {
		t.Fatal(err)
	}
	if got, err := r.read(d, 512, len(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read back: %v, equal %v", err, bytes.Equal(got, data))
	}
	onHost, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(onHost[4096+512:][:len(data)], data) {
		t.Errorf("not in the file: %v", err)
	}
	if err := r.write(d, d.Size()-512, make([]byte, 1024)); err == nil {
		t.Error("written past the end")
	}
	var stats []struct {
		Stats struct {
			Written int64 `json:"wr_bytes"`
			Read    int64 `json:"rd_bytes"`
			Flushes int64 `json:"flush_operations"`
			Invalid int64 `json:"invalid_wr_operations"`
			Highest int64 `json:"wr_highest_offset"`
		}
	}
	r.c.Must("query-blockstats", nil, &stats)
	n := int64(len(data))
	if s := stats[0].Stats; s.Written != n || s.Read != n || s.Flushes != 1 || s.Invalid != 1 || s.Highest != 512+n {
		t.Errorf("figures %+v", s)
	}
}

// TestLatency: a request of null-aio ends when virtual time has passed, and
// the device that waits for it goes then.
func TestLatency(t *testing.T) {
	q := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"))
	r := &rig{t, q.VM.Machine, q.Client()}
	r.c.Must("blockdev-add", qmptest.A{"driver": "null-aio", "node-name": "n", "latency-ns": int64(time.Second)})
	d := r.disk("n")
	ended := false
	r.m.Do(func() { d.Flush(func(err error) { ended = err == nil }) })
	q.Step(time.Second - time.Nanosecond)
	r.m.Do(func() {
		if ended {
			t.Error("too early")
		}
	})
	q.Step(time.Nanosecond)
	r.m.Do(func() {
		if !ended {
			t.Error("not ended")
		}
	})
}

// TestDeletedUnderWay: a node can be deleted while a request is on its way; the
// request still ends.
func TestDeletedUnderWay(t *testing.T) {
	q := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"))
	r := &rig{t, q.VM.Machine, q.Client()}
	r.c.Must("blockdev-add", qmptest.A{"driver": "null-aio", "node-name": "n", "latency-ns": int64(time.Second)})
	d := r.disk("n")
	ended := false
	r.m.Do(func() { d.Flush(func(error) { ended = true }) })
	r.c.Must("device_del", qmptest.A{"id": "dev-n"})
	r.c.Must("blockdev-del", qmptest.A{"node-name": "n"})
	q.Step(time.Second)
	r.m.Do(func() {
		if !ended {
			t.Error("not ended")
		}
	})
}

// TestThrottle: limits of a group hold for all its members together.
func TestThrottle(t *testing.T) {
	q := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"),
		qmptest.Object("throttle-group,id=g,x-iops-total=10"))
	r := &rig{t, q.VM.Machine, q.Client()}
	for _, n := range []string{"a", "b"} {
		r.c.Must("blockdev-add", qmptest.A{"driver": "throttle", "node-name": n, "throttle-group": "g",
			"file": qmptest.A{"driver": "null-co"}})
	}
	a, b := r.disk("a"), r.disk("b")
	ended := 0
	r.m.Do(func() {
		for range 5 {
			a.Flush(func(error) { ended++ })
			b.Flush(func(error) { ended++ })
		}
	})
	q.Step(450 * time.Millisecond)
	r.m.Do(func() {
		if ended < 4 || ended > 7 {
			t.Errorf("%d of 10 requests ended after 0.45 s at 10 per second", ended)
		}
	})
	q.Step(time.Second)
	r.m.Do(func() {
		if ended != 10 {
			t.Errorf("%d of 10 requests ended", ended)
		}
	})
}

// TestInjectedError: blkdebug fails a sector, once.
func TestInjectedError(t *testing.T) {
	r := newRig(t, qmptest.A{"driver": "blkdebug", "node-name": "n", "image": qmptest.A{"driver": "null-co"},
		"inject-error": []qmptest.A{{"event": "none", "iotype": "read", "sector": 8, "errno": 5, "once": true}}})
	d := r.disk("n")
	for i, fails := range []bool{true, false} {
		if _, err := r.read(d, 4096, 512); (err != nil) != fails {
			t.Errorf("read %d: %v", i, err)
		}
	}
	want := `{"qom-path": "/machine/peripheral/dev-n", "device": "", "node-name": "n", "operation": "read", ` +
		`"action": "report", "nospace": false, "reason": "Input/output error"}`
	var got, expected any
	json.Unmarshal(r.c.Await("BLOCK_IO_ERROR").Data, &got)
	json.Unmarshal([]byte(want), &expected)
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

// TestQcow2 reads an image with a backing file and writes to it, as QEMU's own
// tool sees afterwards.
func TestQcow2(t *testing.T) {
	tool := qemuImg(t)
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw.img")
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, tool, "convert", "-q", "-f", "raw", "-O", "qcow2", raw, filepath.Join(dir, "base.qcow2"))
	run(t, tool, "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", filepath.Join(dir, "top.qcow2"))

	r := newRig(t, qmptest.A{"driver": "qcow2", "node-name": "q", "file": fileNode("f", filepath.Join(dir, "top.qcow2"))})
	d := r.disk("q")
	if got, err := r.read(d, 70000, 1000); err != nil || !bytes.Equal(got, content[70000:71000]) {
		t.Fatalf("read through: %v", err)
	}
	if err := r.write(d, 65536, []byte("written")); err != nil {
		t.Fatal(err)
	}
	want := append([]byte("written"), content[65543:65600]...)
	if got, err := r.read(d, 65536, 64); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read back %q: %v", got, err)
	}
	r.c.Must("device_del", qmptest.A{"id": "dev-q"})
	r.c.Await("DEVICE_DELETED")
	r.c.Must("blockdev-del", qmptest.A{"node-name": "q"})
	run(t, tool, "check", "-q", filepath.Join(dir, "top.qcow2"))
	run(t, tool, "convert", "-q", "-O", "raw", filepath.Join(dir, "top.qcow2"), raw)
	copy(content[65536:], "written")
	if got, _ := os.ReadFile(raw); !bytes.Equal(got, content) {
		t.Error("the tool reads other data")
	}
}

// TestForeignLock: QEMU's tools and a machine respect each other's locks.
func TestForeignLock(t *testing.T) {
	tool := qemuImg(t)
	name := image(t, 1<<20)
	r := newRig(t, fileNode("f", name))
	run(t, tool, "resize", "-q", "-f", "raw", name, "2M") // an idle node locks nothing
	r.disk("f")
	out, err := exec.Command(tool, "resize", "-q", "-f", "raw", "--shrink", name, "1M").CombinedOutput()
	if err == nil || !strings.Contains(string(out), `Failed to get "write" lock`) {
		t.Errorf("qemu-img wrote to an image in use: %v %s", err, out)
	}
	r.c.Must("device_del", qmptest.A{"id": "dev-f"})
	r.c.Must("blockdev-del", qmptest.A{"node-name": "f"})
	run(t, tool, "resize", "-q", "-f", "raw", "--shrink", name, "1M")
}

// qemuImg finds QEMU's tool; without it the test is skipped.
func qemuImg(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("qemu-img")
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal("qemu-img is needed in CI")
	case err != nil:
		t.Skip("qemu-img is not installed")
	}
	return path
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%s %v: %w\n%s", name, args, err, out))
	}
}

var _ io.ReaderAt = (*buffer)(nil)

// TestThreshold: a write past the threshold tells, once; it counts on the node
// below, with its own offsets.
func TestThreshold(t *testing.T) {
	r := newRig(t, qmptest.A{"driver": "null-co", "node-name": "n", "size": 1 << 20},
		qmptest.A{"driver": "raw", "node-name": "r", "file": "n", "offset": 4096})
	r.c.Must("block-set-write-threshold", qmptest.A{"node-name": "n", "write-threshold": 8192})
	r.c.Must("block-dirty-bitmap-add", qmptest.A{"node": "r", "name": "b", "granularity": 512})
	d := r.disk("r")
	for range 2 {
		if err := r.write(d, 4096, make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
	}
	var event map[string]any
	json.Unmarshal(r.c.Await("BLOCK_WRITE_THRESHOLD").Data, &event)
	if diff := cmp.Diff(map[string]any{"node-name": "n", "amount-exceeded": 1024.0, "write-threshold": 8192.0}, event); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if more := r.c.Events(); len(more) > 0 {
		t.Errorf("further events %v", more)
	}
	var nodes []struct {
		Name    string             `json:"node-name"`
		Bitmaps []block.BitmapInfo `json:"dirty-bitmaps"`
	}
	r.c.Must("query-named-block-nodes", qmptest.A{"flat": true}, &nodes)
	want := []block.BitmapInfo{{Name: "b", Recording: true, Granularity: 512, Count: 1024}}
	if diff := cmp.Diff(want, nodes[0].Bitmaps); diff != "" {
		t.Errorf("bitmaps (-want +got):\n%s", diff)
	}
}
