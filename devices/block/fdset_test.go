package block_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/qmptest"
)

// Files whose name is /dev/fdset/N are descriptors that a client handed over,
// taken by their access mode. The set stays while they are in use.
func TestFDSet(t *testing.T) {
	name := image(t, 1<<20)
	r := newRig(t)
	hand := func(flags int) {
		t.Helper()
		fd, err := syscall.Open(name, flags|syscall.O_CLOEXEC, 0)
		if err == nil {
			id := int64(3)
			_, err = r.m.Files.Add(&id, "", fd)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fail := func(want, path string) {
		t.Helper()
		if got := r.c.MustFail("blockdev-add", fileNode("x", path)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	fail("Failed to find fdset /dev/fdset/3", "/dev/fdset/3")
	fail("Could not parse fdset /dev/fdset/x", "/dev/fdset/x")
	hand(os.O_RDONLY)
	fail("Failed to find file descriptor with matching flags=0x2", "/dev/fdset/3")
	auto := fileNode("auto", "/dev/fdset/3")
	auto["auto-read-only"] = true
	r.c.Must("blockdev-add", auto)
	hand(os.O_RDWR)
	r.c.Must("blockdev-add", fileNode("f", "/dev/fdset/3"))
	if err := r.write(r.disk("f"), 0, make([]byte, 512)); err != nil {
		t.Error(err)
	}
	if err := r.m.Files.Remove(3, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]chardev.FDSet{{ID: 3, FDs: []chardev.FDSetFile{}}}, r.m.Files.Sets()); diff != "" {
		t.Errorf("in use (-want +got):\n%s", diff)
	}
	r.c.Must("blockdev-del", qmptest.A{"node-name": "auto"})
	r.c.Must("device_del", qmptest.A{"id": "dev-f"})
	r.c.Await("DEVICE_DELETED")
	r.c.Must("blockdev-del", qmptest.A{"node-name": "f"})
	if left := r.m.Files.Sets(); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
}

// A descriptor that was opened past the host's cache is for nodes that ask for
// that, and serves requests that are not aligned.
func TestFDSetDirect(t *testing.T) {
	if chardev.Direct == 0 {
		t.Skip("files cannot be opened so here")
	}
	name := image(t, 1<<20)
	r := newRig(t)
	node := func(direct bool) qmptest.A {
		n := fileNode("f", "/dev/fdset/0")
		n["cache"] = qmptest.A{"direct": direct}
		return n
	}
	hand := func(flags int) {
		t.Helper()
		fd, err := syscall.Open(name, flags|syscall.O_CLOEXEC, 0)
		if err == nil {
			_, err = r.m.Files.Add(nil, "", fd)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	hand(os.O_RDWR)
	if got := r.c.MustFail("blockdev-add", node(true)); got != fmt.Sprintf("Failed to find file descriptor with matching flags=0x%x", os.O_RDWR|chardev.Direct) {
		t.Error(got)
	}
	if err := r.m.Files.Remove(0, nil); err != nil {
		t.Fatal(err)
	}
	hand(os.O_RDWR | chardev.Direct)
	if got := r.c.MustFail("blockdev-add", node(false)); got != "Failed to find file descriptor with matching flags=0x2" {
		t.Error(got)
	}
	for range 2 {
		r.c.Must("blockdev-add", node(true))
		if err := r.write(r.disk("f"), 512, make([]byte, 100)); err != nil {
			t.Error(err)
		}
		r.c.Must("device_del", qmptest.A{"id": "dev-f"})
		r.c.Await("DEVICE_DELETED")
		r.c.Must("blockdev-del", qmptest.A{"node-name": "f"})
	}
}
