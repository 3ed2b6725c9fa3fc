package vnc_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/vnc"
)

// TestSession is a whole conversation, with the bytes that QEMU 11.1.3 sends, and
// the events about it.
func TestSession(t *testing.T) {
	var mu sync.Mutex
	told := make(chan string, 8)
	path := filepath.Join(t.TempDir(), "vnc")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := vnc.New(vnc.Options{ID: "default", Name: "QEMU (bob)",
		Do:   func(f func()) { mu.Lock(); defer mu.Unlock(); f() },
		Emit: func(name string, _ any) { told <- name }})
	s.Listen([]vnc.Listener{{Listener: l}})
	defer s.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, step := range []struct{ send, want string }{
		{"", "RFB 003.008\n"},
		{"RFB 003.008\n", "\x01\x01"},
		{"\x01", "\x00\x00\x00\x00"},
		{"\x01", "\x02\x80\x01\xe0 \x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00\x00\x00\x00\nQEMU (bob)"},
		// A key, the pointer, pasted text, and two pixels in the corner.
		{"\x04\x01\x00\x00\x00\x00\x00\x41" + "\x05\x00\x00\x01\x00\x01" + "\x06\x00\x00\x00\x00\x00\x00\x02hi" +
			"\x03\x00\x02\x7e\x01\xdf\x00\x09\x00\x09",
			"\x00\x00\x00\x01\x02\x7e\x01\xdf\x00\x02\x00\x01\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00"},
		// All of it in 16 bits, as one rectangle; nothing changes after that.
		{"\x00\x00\x00\x00\x10\x10\x00\x01\x00\x1f\x00\x3f\x00\x1f\x0b\x05\x00\x00\x00\x00" +
			"\x02\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02" + "\x03\x00\x00\x00\x00\x00\xff\xff\xff\xff" +
			"\x03\x01\x00\x00\x00\x00\x02\x80\x01\xe0",
			"\x00\x00\x00\x01\x00\x00\x00\x00\x02\x80\x01\xe0\x00\x00\x00\x02" + "\x00\x00\x00\x00\x00\x00"},
	} {
		if _, err := io.WriteString(conn, step.send); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(step.want))
		if _, err := io.ReadFull(conn, got); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if !bytes.Equal(got, []byte(step.want)) {
			t.Fatalf("step %d: %q, want %q", i, got, step.want)
		}
	}
	mu.Lock()
	clients := s.Clients()
	mu.Unlock()
	if diff := cmp.Diff([]vnc.Endpoint{{Family: "unix"}}, clients); diff != "" {
		t.Error(diff)
	}
	conn.Close()
	for _, want := range []string{"VNC_CONNECTED", "VNC_INITIALIZED", "VNC_DISCONNECTED"} {
		if got := <-told; got != want {
			t.Errorf("event %s, want %s", got, want)
		}
	}
}

// TestRefused ends conversations that are none.
func TestRefused(t *testing.T) {
	var mu sync.Mutex
	do := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := vnc.New(vnc.Options{Do: do, Emit: func(string, any) {}})
	s.Listen([]vnc.Listener{{Listener: l}})
	defer s.Close()
	hello := "RFB 003.008\n\x01\x01"
	for _, send := range []string{"RFB 009.008\n", "GET / HTTP/1.1\r\n\r\n", "RFB 003.008\n\x02", hello + "\xff",
		hello + "\x06\x00\x00\x00\xff\xff\xff\xff", hello + "\x00\x00\x00\x00\x07" + string(make([]byte, 15))} {
		e, _ := s.Endpoint()
		conn, err := net.Dial("tcp", net.JoinHostPort(e.Host, e.Service))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, send)
		if _, err := io.ReadAll(conn); err != nil && !isReset(err) {
			t.Errorf("%q: %v", send, err)
		}
		conn.Close()
	}
}

func isReset(err error) bool { _, ok := err.(*net.OpError); return ok }
