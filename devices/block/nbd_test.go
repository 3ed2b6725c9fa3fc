package block_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/tlscreds/tlstest"
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

// The server may listen on a socket that the client has opened and handed over.
func TestNBDGivenSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "nbd.sock")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	defer ln.Close()
	host := newRig(t, qmptest.A{"driver": "null-co", "node-name": "z", "size": 65536})
	start := qmptest.A{"addr": qmptest.A{"type": "fd", "data": qmptest.A{"str": "l"}}}
	fails := func(want string) {
		t.Helper()
		if got := host.c.MustFail("nbd-server-start", start); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	fails("File descriptor named 'l' has not been found")
	hand := func(f *os.File) {
		t.Helper()
		defer f.Close()
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		host.m.Files.Name("l", fd)
	}
	connected, peer, err := chardev.SocketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	hand(connected)
	fails("Failed to listen on fd socket: Invalid argument")
	fails("File descriptor named 'l' has not been found") // it was taken
	f, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	hand(f)
	host.c.Must("nbd-server-start", start)
	host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "z"})
	far := newRig(t)
	far.c.Must("blockdev-add", qmptest.A{"driver": "nbd", "node-name": "n", "export": "z", "read-only": true, "server": qmptest.A{"type": "unix", "path": socket}})
	far.c.Must("blockdev-del", qmptest.A{"node-name": "n"})
	host.c.Must("nbd-server-stop", nil)
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
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

// TestNBDSelf: a machine is its own server, which it could not be if it waited for
// the connection.
func TestNBDSelf(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "nbd.sock")
	r := newRig(t, qmptest.A{"driver": "null-co", "node-name": "z", "size": 65536})
	r.c.Must("nbd-server-start", qmptest.A{"addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}})
	r.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "z", "name": "zeros"})
	server := qmptest.A{"type": "unix", "path": socket}
	r.c.Must("blockdev-add", qmptest.A{"driver": "raw", "node-name": "r", "read-only": true,
		"file": qmptest.A{"driver": "nbd", "export": "zeros", "server": server}})
	if got, err := r.read(r.disk("r"), 0, 65536); err != nil || !bytes.Equal(got, make([]byte, 65536)) {
		t.Errorf("read: %v", err)
	}
	got := r.c.MustFail("blockdev-add", qmptest.A{"driver": "nbd", "node-name": "r", "read-only": true, "export": "zeros", "server": server})
	if want := "Duplicate nodes with node-name='r'"; got != want {
		t.Errorf("%q, want %q", got, want)
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

// TestNBDIncremental backs a disk up while it is written to, as libvirt does: a
// client reads what the disk was, only where it had changed since an earlier
// backup.
func TestNBDIncremental(t *testing.T) {
	tool := qemuImg(t)
	disk, dir := image(t, 1<<20), t.TempDir()
	scratch, socket := filepath.Join(dir, "scratch.qcow2"), filepath.Join(dir, "nbd.sock")
	run(t, tool, "create", "-q", "-f", "qcow2", scratch, "1M")
	host := newRig(t, fileNode("f", disk))
	d := host.disk("f")
	fill := func(off int64, b byte) {
		t.Helper()
		if err := host.write(d, off, bytes.Repeat([]byte{b}, 64<<10)); err != nil {
			t.Fatal(err)
		}
	}
	fill(0, 1)
	host.c.Must("block-dirty-bitmap-add", qmptest.A{"node": "f", "name": "since"})
	fill(512<<10, 2)
	host.c.Must("blockdev-add", qmptest.A{"driver": "qcow2", "node-name": "s", "file": qmptest.A{"driver": "file", "filename": scratch}, "backing": "f"})
	host.c.Must("transaction", qmptest.A{"actions": []any{
		qmptest.A{"type": "blockdev-backup", "data": qmptest.A{"job-id": "b", "device": "f", "target": "s", "sync": "none"}},
		qmptest.A{"type": "block-dirty-bitmap-disable", "data": qmptest.A{"node": "f", "name": "since"}},
	}})
	host.c.Must("nbd-server-start", qmptest.A{"addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}})
	host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "s", "name": "x", "allocation-depth": true,
		"bitmaps": []any{qmptest.A{"node": "f", "name": "since"}}})
	if got := host.c.MustFail("block-dirty-bitmap-remove", qmptest.A{"node": "f", "name": "since"}); got != "Bitmap 'since' is currently in use by another operation and cannot be used" {
		t.Errorf("remove: %s", got)
	}
	fill(512<<10, 3) // which the client is not to see
	export := "driver=nbd,export=x,server.type=unix,server.path=" + socket
	type extent struct {
		Start, Length int64
		Zero, Data    bool
	}
	mapOf := func(context string) (list []extent) {
		t.Helper()
		out, err := exec.Command(tool, "map", "--output=json", "--image-opts", export+context).Output()
		if err != nil || json.Unmarshal(out, &list) != nil {
			t.Fatalf("qemu-img map: %v %s", err, out)
		}
		return list
	}
	const k = 1 << 10
	content := []extent{{0, 64 * k, false, true}, {64 * k, 448 * k, true, false}, {512 * k, 64 * k, false, true}, {576 * k, 448 * k, true, false}}
	if diff := cmp.Diff(content, mapOf("")); diff != "" {
		t.Errorf("what there is (-want +got):\n%s", diff)
	}
	// The tool takes the first bit for a hole, whatever it means.
	dirty := []extent{{0, 512 * k, false, true}, {512 * k, 64 * k, false, false}, {576 * k, 448 * k, false, true}}
	if diff := cmp.Diff(dirty, mapOf(",x-dirty-bitmap=qemu:dirty-bitmap:since")); diff != "" {
		t.Errorf("what was written (-want +got):\n%s", diff)
	}
	full := filepath.Join(dir, "full.img")
	run(t, tool, "convert", "--image-opts", "-O", "raw", export, full)
	got, err := os.ReadFile(full)
	want := slices.Concat(bytes.Repeat([]byte{1}, 64*k), make([]byte, 448*k), bytes.Repeat([]byte{2}, 64*k), make([]byte, 448*k))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the client read something else: %v", err)
	}
	host.c.Must("nbd-server-stop", nil)
	host.c.Must("job-cancel", qmptest.A{"id": "b"})
	host.c.Must("block-dirty-bitmap-remove", qmptest.A{"node": "f", "name": "since"})
}

// FuzzNBDServer sends anything to the server: it must neither crash nor hang,
// nor keep the export.
func FuzzNBDServer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01IHAVEOPT\x00\x00\x00\x07\x00\x00\x00\x07\x00\x00\x00\x01z\x00\x00" +
		"\x25\x60\x95\x13\x00\x00\x00\x00AAAAAAAA\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"))
	f.Add([]byte("\x00\x00\x00\x03IHAVEOPT\x00\x00\x00\x03\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x00IHAVEOPT\x00\x00\x00\x01\x00\x00\x00\x01z"))
	f.Add([]byte("\x00\x00\x00\x03IHAVEOPT\x00\x00\x00\x08\x00\x00\x00\x00IHAVEOPT\x00\x00\x00\x0a\x00\x00\x00\x1c\x00\x00\x00\x01z\x00\x00\x00\x01\x00\x00\x00\x0fbase:allocation" +
		"IHAVEOPT\x00\x00\x00\x07\x00\x00\x00\x07\x00\x00\x00\x01z\x00\x00\x25\x60\x95\x13\x00\x00\x00\x07AAAAAAAA\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00"))
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

// TestNBDSecure reads over TLS, and is refused without what it takes.
func TestNBDSecure(t *testing.T) {
	name, socket, dir := image(t, 1<<20), filepath.Join(t.TempDir(), "nbd.sock"), tlstest.Good(t).Path
	if err := os.WriteFile(name, bytes.Repeat([]byte("secret"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	host := newRig(t, fileNode("f", name))
	addr := qmptest.A{"type": "unix", "data": qmptest.A{"path": socket}}
	if got := host.c.MustFail("nbd-server-start", qmptest.A{"addr": addr, "tls-creds": "x"}); got != "No TLS credentials with id 'x'" {
		t.Error(got)
	}
	host.c.Must("object-add", qmptest.A{"qom-type": "tls-creds-x509", "id": "s", "endpoint": "server", "dir": dir})
	host.c.Must("object-add", qmptest.A{"qom-type": "authz-list", "id": "z"})
	host.c.Must("nbd-server-start", qmptest.A{"addr": addr, "tls-creds": "s", "tls-authz": "z"})
	host.c.Must("block-export-add", qmptest.A{"type": "nbd", "id": "e", "node-name": "f"})

	far := newRig(t)
	far.c.Must("object-add", qmptest.A{"qom-type": "tls-creds-x509", "id": "c", "dir": dir})
	far.c.Must("object-add", qmptest.A{"qom-type": "tls-creds-x509", "id": "s", "endpoint": "server", "dir": dir})
	remote := func(props ...string) qmptest.A {
		a := qmptest.A{"driver": "nbd", "node-name": "n", "export": "f", "read-only": true,
			"server": qmptest.A{"type": "unix", "path": socket}}
		for i := 0; i < len(props); i += 2 {
			a[props[i]] = props[i+1]
		}
		return a
	}
	refused := func(want string, props ...string) {
		t.Helper()
		if got := far.c.MustFail("blockdev-add", remote(props...)); got != want {
			t.Errorf("%q: got %s, want %s", props, got, want)
		}
	}
	refused("TLS negotiation required before option 7 (go)")
	refused("No TLS credentials with id 'x'", "tls-creds", "x")
	refused("Expected TLS credentials for a client endpoint", "tls-creds", "s")
	refused("No hostname for certificate validation", "tls-creds", "c")
	refused("Certificate does not match the hostname x", "tls-creds", "c", "tls-hostname", "x")
	// Cut off after the handshake: before the next option is written, before it is
	// read, or after.
	cut := []string{
		"Failed to send option request header: Unable to write to socket: Broken pipe",
		"Failed to read option reply: Unable to read from socket: Connection reset by peer",
		"Failed to read option reply: Cannot read from TLS channel: The TLS connection was non-properly terminated.",
	}
	if got := far.c.MustFail("blockdev-add", remote("tls-creds", "c", "tls-hostname", "localhost")); !slices.Contains(cut, got) {
		t.Errorf("not allowed: %s", got)
	}
	host.c.Must("qom-set", qmptest.A{"path": "/objects/z", "property": "policy", "value": "allow"})
	far.c.Must("blockdev-add", remote("tls-creds", "c", "tls-hostname", "localhost"))
	d := far.disk("n")
	if got, err := far.read(d, 600, 600); err != nil || !bytes.Equal(got, bytes.Repeat([]byte("secret"), 100)) {
		t.Errorf("read %.12q…, %v", got, err)
	}
	far.c.Must("device_del", qmptest.A{"id": "dev-n"})
	far.c.Must("blockdev-del", qmptest.A{"node-name": "n"})

	host.c.Must("nbd-server-stop", nil)
	host.c.Must("nbd-server-start", qmptest.A{"addr": addr})
	refused("Denied by server for option 5 (starttls)", "tls-creds", "c", "tls-hostname", "localhost")
}
