package block_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// TestNBD connects two machines: what one writes to the export of the other
// is in the other's file.
func TestNBD(t *testing.T) {
	name, socket := image(t, 1<<20), filepath.Join(t.TempDir(), "nbd.sock")
	host := newRig(t, fileNode("f", name))
	host.c.Must("nbd-server-start", qmptest.A{"addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}})
	host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "f", "writable": true})

	remote := func(export string) qmptest.A {
		return qmptest.A{"driver": "nbd", "node-name": "n", "export": export, "server": qmptest.A{"type": "unix", "path": socket}}
	}
	far := newRig(t)
	if got := far.c.MustFail("blockdev-add", remote("other")); got != "Requested export not available" {
		t.Errorf("unknown export: %s", got)
	}
	far.c.Must("blockdev-add", remote("f"))
	d := far.disk("n")
	if d.Size() != 1<<20 {
		t.Errorf("size %d", d.Size())
	}
	data := bytes.Repeat([]byte("over the wire..."), 30000)
	if err := far.write(d, 4096, data); err != nil {
		t.Fatal(err)
	}
	if err := far.wait(d.Flush); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got[4096:][:len(data)], data) {
		t.Errorf("not on the other side: %v", err)
	}
	if got := host.c.MustFail("block-export-del", qmptest.A{"id": "e"}); got != "export 'e' still in use" {
		t.Errorf("in use: %s", got)
	}
	host.c.Must("block-export-del", qmptest.A{"id": "e", "mode": "hard"})
	if e := host.c.Await("BLOCK_EXPORT_DELETED"); e.Member("id") != "e" {
		t.Errorf("event %s", e)
	}
	if err := far.write(d, 0, make([]byte, 512)); err == nil {
		t.Error("wrote to an export that is gone")
	}
	host.c.Must("nbd-server-stop", nil)
	far.c.Must("device_del", qmptest.A{"id": "dev-n"})
	far.c.Must("blockdev-del", qmptest.A{"node-name": "n"})
	if got := far.c.MustFail("blockdev-add", remote("f")); got != "Failed to connect to '"+socket+"': No such file or directory" {
		t.Errorf("no server: %s", got)
	}
}

// TestNBDReadOnly: an export that is not writable cannot be written to.
func TestNBDReadOnly(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "nbd.sock")
	host := newRig(t, qmptest.A{"driver": "null-co", "node-name": "z", "size": 65536})
	host.c.Must("nbd-server-start", qmptest.A{"addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}})
	host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "z", "name": "zeros"})
	far := newRig(t)
	node := qmptest.A{"driver": "nbd", "node-name": "n", "export": "zeros", "server": qmptest.A{"type": "unix", "path": socket}}
	far.c.MustFail("blockdev-add", node)
	node["read-only"] = true
	far.c.Must("blockdev-add", node)
	if got, err := far.read(far.disk("n"), 0, 65536); err != nil || !bytes.Equal(got, make([]byte, 65536)) {
		t.Errorf("read: %v", err)
	}
}

// TestNBDTool: QEMU's own tool understands the server.
func TestNBDTool(t *testing.T) {
	tool := qemuImg(t)
	name, socket := image(t, 1<<20), filepath.Join(t.TempDir(), "nbd.sock")
	host := newRig(t, fileNode("f", name))
	host.c.Must("nbd-server-start", qmptest.A{"addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}})
	host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "f", "name": "x"})
	out, err := exec.Command(tool, "info", "--output=json", "nbd+unix:///x?socket="+socket).Output()
	var info struct {
		Size int64 `json:"virtual-size"`
	}
	if err != nil || json.Unmarshal(out, &info) != nil || info.Size != 1<<20 {
		t.Errorf("qemu-img info: %v %s", err, out)
	}
}

// FuzzNBDServer sends anything to the server: it must neither crash nor hang,
// nor keep the export.
func FuzzNBDServer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01IHAVEOPT\x00\x00\x00\x07\x00\x00\x00\x07\x00\x00\x00\x01z\x00\x00" +
		"\x25\x60\x95\x13\x00\x00\x00\x00AAAAAAAA\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"))
	f.Add([]byte("\x00\x00\x00\x03IHAVEOPT\x00\x00\x00\x03\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x00IHAVEOPT\x00\x00\x00\x01\x00\x00\x00\x01z"))
	f.Fuzz(func(t *testing.T, data []byte) {
		socket := filepath.Join(t.TempDir(), "nbd.sock")
		host := newRig(t, qmptest.A{"driver": "null-co", "node-name": "z", "size": 65536})
		host.c.Must("nbd-server-start", qmptest.A{"addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}})
		host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "z", "writable": true})
		c, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Minute))
		c.Write(data)
		c.(*net.UnixConn).CloseWrite()
		for b := make([]byte, 65536); err == nil; {
			_, err = c.Read(b)
		}
		if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
			t.Fatal("the server hangs")
		}
		host.c.Must("nbd-server-stop", nil)
		host.c.Must("blockdev-del", qmptest.A{"node-name": "z"})
	})
}
