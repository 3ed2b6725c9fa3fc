package block_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qmptest"
)

// status waits for the next change of a job's status and expects which it is.
func (r *rig) status(id string, want ...string) {
	r.t.Helper()
	for _, status := range want {
		var got struct{ Status, ID string }
		if err := json.Unmarshal(r.c.Await("JOB_STATUS_CHANGE").Data, &got); err != nil {
			r.t.Fatal(err)
		}
		if got.ID != id || got.Status != status {
			r.t.Fatalf("job %s is %s, want %s of %s", got.ID, got.Status, status, id)
		}
	}
}

var succeeded = []string{"waiting", "pending", "concluded", "null"}

// create makes an image file of random content.
func create(t *testing.T, size int) (name string, content []byte) {
	content = make([]byte, size)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	clear(content[size/4 : size/2])
	name = filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name, content
}

// guest writes to a disk until it is told to stop, and keeps in content what
// the disk then holds.
type guest struct {
	r       *rig
	stop    chan struct{}
	done    sync.WaitGroup
	content []byte
	wrote   atomic.Int64 // requests
}

// more waits until the guest wrote some more.
func (g *guest) more() {
	for want := g.wrote.Load() + 20; g.wrote.Load() < want && !g.r.t.Failed(); {
		runtime.Gosched()
	}
}

func (r *rig) busyGuest(d qdev.Disk, content []byte) *guest {
	g := &guest{r: r, stop: make(chan struct{}), content: content}
	g.done.Go(func() {
		for {
			select {
			case <-g.stop:
				return
			default:
			}
			off := rand.IntN(len(content)/512) * 512
			data := bytes.Repeat([]byte{byte(rand.Uint32())}, min(512+rand.IntN(100<<10)&^511, len(content)-off))
			if err := r.write(d, int64(off), data); err != nil {
				r.t.Errorf("guest's write: %v", err)
				return
			}
			copy(content[off:], data)
			g.wrote.Add(1)
		}
	})
	return g
}

func (g *guest) end() []byte {
	close(g.stop)
	g.done.Wait()
	return g.content
}

func fileHolds(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s does not hold what it should", filepath.Base(name))
	}
}

// TestMirrorBusy: a mirror follows a guest that goes on writing, and the guest
// goes on with the copy.
func TestMirrorBusy(t *testing.T) {
	for _, mode := range []string{"background", "write-blocking"} {
		source, content := create(t, 4<<20)
		target, _ := create(t, 4<<20)
		r := newRig(t, fileNode("a", source), fileNode("b", target))
		d := r.disk("a")
		g := r.busyGuest(d, content)
		r.c.Must("blockdev-mirror", qmptest.A{"job-id": "j", "device": "a", "target": "b", "sync": "full", "copy-mode": mode})
		r.status("j", "created", "running", "ready")
		r.c.Must("job-complete", qmptest.A{"id": "j"})
		r.status("j", succeeded...)
		before, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		g.more() // to the copy
		fileHolds(t, target, g.end())
		fileHolds(t, source, before)
		r.c.Must("blockdev-del", qmptest.A{"node-name": "a"})
		if got := r.c.MustFail("blockdev-del", qmptest.A{"node-name": "b"}); got != "Node b is in use" {
			t.Error(got)
		}
	}
}

// TestBackupBusy: a backup is the disk as it was when the job started, whatever
// a guest writes meanwhile.
func TestBackupBusy(t *testing.T) {
	source, content := create(t, 4<<20)
	target, _ := create(t, 4<<20)
	r := newRig(t, fileNode("a", source), fileNode("b", target))
	d := r.disk("a")
	was := bytes.Clone(content)
	r.c.Must("blockdev-backup", qmptest.A{"job-id": "j", "device": "a", "target": "b", "sync": "full", "speed": 1})
	r.status("j", "created", "running", "paused", "running")
	g := r.busyGuest(d, content)
	g.more()
	r.c.Must("block-job-set-speed", qmptest.A{"device": "j", "speed": 0})
	r.status("j", succeeded...)
	fileHolds(t, source, g.end())
	fileHolds(t, target, was)
}

// TestIncremental: what was written since the last backup, and nothing else, is
// copied by the next.
func TestIncremental(t *testing.T) {
	source, content := create(t, 1<<20)
	target, _ := create(t, 1<<20)
	r := newRig(t, fileNode("a", source), fileNode("b", target))
	d := r.disk("a")
	r.c.Must("block-dirty-bitmap-add", qmptest.A{"node": "a", "name": "m"})
	want, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	for round, off := range []int64{70000 &^ 511, 512 << 10, 70000 &^ 511} {
		data := bytes.Repeat([]byte{byte(round + 1)}, 512)
		if err := r.write(d, off, data); err != nil {
			t.Fatal(err)
		}
		copy(content[off:], data)
		granule := off &^ 65535
		copy(want[granule:granule+65536], content[granule:])
		r.c.Must("blockdev-backup", qmptest.A{"job-id": "j", "device": "a", "target": "b", "sync": "incremental", "bitmap": "m"})
		r.status("j", "created", "running", "paused", "running")
		r.status("j", succeeded...)
		fileHolds(t, target, want)
	}
}

// layers makes a chain: each layer a qcow2 image over the one before, the first
// over a raw node on a file. The guest writes to each.
func (r *rig) layers(n int) (d qdev.Disk, content []byte, names []string) {
	base, content := create(r.t, 4<<20)
	r.c.Must("blockdev-add", fileNode("base-file", base))
	r.c.Must("blockdev-add", qmptest.A{"driver": "raw", "node-name": "layer0", "file": "base-file"})
	d = r.disk("layer0")
	names = []string{"layer0"}
	for i := range n {
		name := "layer" + string(rune('1'+i))
		r.c.Must("blockdev-snapshot-sync", qmptest.A{"node-name": names[i], "snapshot-file": filepath.Join(r.t.TempDir(), name),
			"snapshot-node-name": name})
		names = append(names, name)
		for range 10 {
			off := rand.IntN(len(content)/512-200) * 512
			data := bytes.Repeat([]byte{byte(i + 1)}, 512*(1+rand.IntN(200)))
			if err := r.write(d, int64(off), data); err != nil {
				r.t.Fatal(err)
			}
			copy(content[off:], data)
		}
	}
	return d, content, names
}

func (r *rig) nodes() (names []string) {
	var nodes []struct {
		Name string `json:"node-name"`
	}
	r.c.Must("query-named-block-nodes", qmptest.A{"flat": true}, &nodes)
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return names
}

func (r *rig) holds(d qdev.Disk, want []byte) {
	r.t.Helper()
	if got, err := r.read(d, 0, len(want)); err != nil || !bytes.Equal(got, want) {
		r.t.Errorf("the guest sees other data (%v)", err)
	}
}

// TestChains commits and streams in chains of layers below a guest that writes.
func TestChains(t *testing.T) {
	for name, c := range map[string]struct {
		command string
		args    qmptest.A
		active  bool
		left    int // layers
	}{
		"commit below the guest": {"block-commit", qmptest.A{"top-node": "layer2", "base-node": "layer1"}, false, 2},
		"commit all below":       {"block-commit", qmptest.A{"top-node": "layer2", "base-node": "layer0"}, false, 1},
		"commit what is active":  {"block-commit", qmptest.A{"base-node": "layer1"}, true, 1},
		"commit everything":      {"block-commit", qmptest.A{}, true, 0},
		"stream everything":      {"block-stream", qmptest.A{}, false, 1},
		"stream to a base":       {"block-stream", qmptest.A{"base-node": "layer1"}, false, 2},
		"stream below the guest": {"block-stream", qmptest.A{"base-node": "layer0", "device": "layer2"}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			d, content, names := r.layers(3)
			g := r.busyGuest(d, content)
			args := qmptest.A{"job-id": "j", "device": names[3]}
			for k, v := range c.args {
				args[k] = v
			}
			r.c.Must(c.command, args)
			r.status("j", "created", "running")
			if c.active {
				r.status("j", "ready")
				r.c.Must("job-complete", qmptest.A{"id": "j"})
			}
			r.status("j", succeeded...)
			r.holds(d, g.end())
			layers := 0
			for _, n := range r.nodes() {
				if n == "layer1" || n == "layer2" || n == "layer3" {
					layers++
				}
			}
			if layers != c.left {
				t.Errorf("%d layers are left, want %d: %v", layers, c.left, r.nodes())
			}
		})
	}
}
