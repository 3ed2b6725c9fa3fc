package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With -daemonize, descriptors that the parent was given are the child's, by
// the same numbers; and whoever reads the parent's standard error until its end
// is not kept waiting by the child.
func TestDaemonizeKeepsDescriptors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "qmp.sock")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	socket, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	p := startFiles(t, []*os.File{socket}, // number 3
		"-machine", "none", "-display", "none", "-daemonize",
		"-chardev", "socket,id=m,fd=3,server=on,wait=off", "-object", "monitor-qmp,id=q,chardev=m")
	if status, err := p.wait(); status != 0 || err != nil {
		t.Fatalf("the parent ends with %d, %v: %s", status, err, p.stop())
	}
	if said := p.stderr.String(); said != "" {
		t.Errorf("it says %q", said)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	if greeting, err := r.ReadString('\n'); !strings.HasPrefix(greeting, `{"QMP": `) {
		t.Fatalf("greeted with %q, %v", greeting, err)
	}
	if _, err := conn.Write([]byte(`{"execute": "qmp_capabilities"}{"execute": "query-chardev"}{"execute": "quit"}`)); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(r) // until the child has ended
	// As if the path had been on the command line.
	if want := `"filename": "unix:` + path + `,server=on"`; err != nil || !strings.Contains(string(said), want) {
		t.Errorf("it says %s, %v, without %s", said, err, want)
	}
}
