package chardev_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/qomd/qomd/devices/chardev"
)

// A client that somebody else connected is served like one that was accepted,
// one at a time; then the socket listens again.
func TestAddClient(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "s")
	c := r.add("c", socketAt(path, true))
	d := r.connect(c, 100)
	add := func() (net.Conn, bool) {
		fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		var conns [2]net.Conn
		for i, fd := range fds {
			f := os.NewFile(uintptr(fd), "pair")
			if conns[i], err = chardev.FileConn(f); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
		t.Cleanup(func() { conns[0].Close(); conns[1].Close() })
		return conns[0], c.AddClient(conns[1])
	}
	peer, ok := add()
	if !ok {
		t.Fatal("not taken")
	}
	if got, want := c.Filename(), "unix:,server=on"; got != want {
		t.Errorf("name of the served socket: %q, want %q", got, want)
	}
	if _, ok := add(); ok {
		t.Error("a second client was taken")
	}
	io.WriteString(peer, "hello")
	r.until("the greeting", func() bool { return string(d.got) == "hello" })
	peer.Close()
	r.until("the end", func() bool { return c.Filename() == "disconnected:unix:"+path+",server=on" })

	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, " again")
	r.until("a client of its own", func() bool { return string(d.got) == "hello again" })
	if _, ok := add(); ok {
		t.Error("taken while another is served")
	}
	if null := r.add("n", chardev.Options{Kind: "null"}); null.AddClient(peer) {
		t.Error("a device without connections took a client")
	}
}
