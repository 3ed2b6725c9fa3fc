package chardev_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/chardev"
)

// What chardev-add answers when it cannot, in QEMU 11.1.3's words.
func TestErrors(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	r.add("n", chardev.Options{Kind: "null"})
	r.add("st", chardev.Options{Kind: "stdio"})
	sock := func(change func(*chardev.SocketOptions)) chardev.Options {
		o := chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{Path: dir + "/s", Server: true}}
		change(&o.Socket)
		return o
	}
	client := func(s *chardev.SocketOptions) { s.Server = false }
	for _, tc := range []struct {
		name string
		o    chardev.Options
		want string
	}{
		{"ring", chardev.Options{Kind: "ringbuf", Size: 1000}, "size of ringbuf chardev must be power of two"},
		{"pipe", chardev.Options{Kind: "pipe", Path: dir + "/p"}, "Could not open '" + dir + "/p': No such file or directory"},
		{"file", chardev.Options{Kind: "file", Path: dir + "/no/o"}, "Could not open '" + dir + "/no/o': No such file or directory"},
		{"input", chardev.Options{Kind: "file", Path: dir + "/o", Input: dir + "/i"}, "Could not open '" + dir + "/i': No such file or directory"},
		{"log", chardev.Options{Kind: "null", LogFile: dir + "/no/l"}, "Could not create '" + dir + "/no/l': No such file or directory"},
		{"serial", chardev.Options{Kind: "serial", Path: dir + "/t"}, "Could not open '" + dir + "/t': No such file or directory"},
		{"parallel", chardev.Options{Kind: "parallel", Path: "/dev/null"}, "not a parallel port: Inappropriate ioctl for device"},
		{"stdio", chardev.Options{Kind: "stdio"}, "cannot use stdio by multiple character devices"},
		{"mux", chardev.Options{Kind: "mux", Base: "nope"}, "mux: base chardev nope not found"},
		{"hub", chardev.Options{Kind: "hub", Bases: []string{"nope"}}, "hub: chardev can't be found by id 'nope'"},
		{"empty hub", chardev.Options{Kind: "hub"}, "hub: 'chardevs' list is not defined"},
		{"braille", chardev.Options{Kind: "braille"}, "brlapi__openConnection: connect: No such file or directory"},
		{"spice", chardev.Options{Kind: "spicevmc"}, "'spicevmc' is not a valid char driver name"},
		{"udp", chardev.Options{Kind: "udp", UDP: chardev.UDPOptions{NotInet: true}}, "socket type unsupported for datagram"},
		{"connect", sock(client), "Failed to connect to '" + dir + "/s': No such file or directory"},
		{"bind", sock(func(s *chardev.SocketOptions) { s.Path = dir + "/no/s" }), "Failed to bind socket to " + dir + "/no/s: No such file or directory"},
		{"folder", sock(func(s *chardev.SocketOptions) { s.Path = dir }), "Failed to unlink socket " + dir + ": Is a directory"},
		{"long", sock(func(s *chardev.SocketOptions) { s.Path = strings.Repeat("x", 120) }), "UNIX socket path '" + strings.Repeat("x", 120) + "' is too long"},
		{"reconnect", sock(func(s *chardev.SocketOptions) { s.Reconnect = time.Second }), "'reconnect-ms' option is incompatible with socket in server listen mode"},
		{"wait", sock(func(s *chardev.SocketOptions) { s.Server, s.SaysWait = false, true }), "'wait' option is incompatible with socket in client connect mode"},
		{"authz", sock(func(s *chardev.SocketOptions) { s.TLSAuthz = "x" }), "'tls_authz' option requires 'tls_creds' option"},
		{"creds", sock(func(s *chardev.SocketOptions) { s.Path, s.Host, s.Port, s.TLSCreds = "", "127.0.0.1", "0", "x" }), "No TLS credentials with id 'x'"},
		{"creds on unix", sock(func(s *chardev.SocketOptions) { s.TLSCreds = "x" }), "'tls_creds' option is incompatible with 'unix' address type"},
		{"websocket", sock(func(s *chardev.SocketOptions) { s.Server, s.WebSocket = false, true }), "Websocket client is not implemented"},
		{"fd", sock(func(s *chardev.SocketOptions) { s.Path, s.FDName, s.ByName = "", "nope", true }), "File descriptor named 'nope' has not been found"},
		{"port", sock(func(s *chardev.SocketOptions) { s.Path, s.Host, s.Port = "", "127.0.0.1", "nosvc" }), "address resolution failed for 127.0.0.1:nosvc: Servname not supported for ai_socktype"},
	} {
		r.do(func() {
			_, err := r.Create("x", tc.o)
			if want := "Failed to add chardev 'x': " + tc.want; err == nil || err.Error() != want {
				t.Errorf("%s:\n got %v\nwant %s", tc.name, err, want)
			}
		})
	}
	r.do(func() {
		if _, err := r.Create("n", chardev.Options{Kind: "null"}); err == nil || err.Error() != "Chardev with id 'n' already exists" {
			t.Error(err)
		}
	})
	r.check(r.env.Tree)
}

// A socket takes the place of whatever has its name: clients make the name with
// mkstemp, which makes a file.
func TestListenReplaces(t *testing.T) {
	r := newRig(t)
	name := t.TempDir() + "/s"
	if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	r.add("s", chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{Path: name, Server: true}})
	if st, err := os.Stat(name); err != nil || st.Mode().Type() != os.ModeSocket {
		t.Errorf("%v %v", st, err)
	}
}

func TestRingBuf(t *testing.T) {
	b, err := chardev.NewRingBuf("ringbuf", 8)
	if err != nil {
		t.Fatal(err)
	}
	b.Write([]byte("hello"))
	if got := string(b.Take(2)) + "|" + string(b.Take(100)); got != "he|llo" {
		t.Error(got)
	}
	b.Write([]byte("0123456789"))
	if got := string(b.Take(b.Len())); got != "23456789" {
		t.Error(got)
	}
}

func TestFiles(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	out, in, log := dir+"/out", dir+"/in", dir+"/log"
	os.WriteFile(in, []byte("from a file"), 0o600)
	c := r.add("f", chardev.Options{Kind: "file", Path: out, LogFile: log})
	d := r.connect(c, 0)
	r.do(func() { d.Write([]byte("one")); d.Disconnect(); r.Remove("f") })
	c = r.add("f", chardev.Options{Kind: "file", Path: out, Append: true, Input: in})
	d = r.connect(c, 100)
	r.until("input", func() bool { return string(d.got) == "from a file" })
	for path, want := range map[string]string{out: "one", log: "one"} {
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	if c.Filename() != "file" || c.TypeName() != "chardev-file" {
		t.Error(c.Filename(), c.TypeName())
	}
}

func TestPipe(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "p")
	for _, end := range []string{".in", ".out"} {
		if err := syscall.Mkfifo(path+end, 0o600); err != nil {
			t.Skip("no named pipes here:", err)
		}
	}
	d := r.connect(r.add("p", chardev.Options{Kind: "pipe", Path: path}), 100)
	if err := os.WriteFile(path+".in", []byte("in"), 0); err != nil {
		t.Fatal(err)
	}
	r.until("input", func() bool { return string(d.got) == "in" })
	f, err := os.Open(path + ".out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r.do(func() { d.Write([]byte("out")) })
	if got := r.read(f, 3); got != "out" {
		t.Error(got)
	}
}

func TestPTY(t *testing.T) {
	r := newRig(t)
	var c *chardev.Chardev
	var err error
	r.do(func() { c, err = r.Create("p", chardev.Options{Kind: "pty"}) })
	if err != nil {
		t.Skip(err)
	}
	p := c.Backend().(*chardev.PTY)
	if c.Filename() != "pty:"+p.Slave() {
		t.Error(c.Filename())
	}
	d := r.connect(c, 100)
	f, err := os.OpenFile(p.Slave(), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	io.WriteString(f, "typed\n")
	r.until("input", func() bool { return string(d.got) == "typed\n" })
	r.do(func() { d.Write([]byte("shown")) })
	if got := r.read(f, 5); got != "shown" {
		t.Errorf("%q", got)
	}
}

func TestUDP(t *testing.T) {
	r := newRig(t)
	peer, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	peer.SetDeadline(time.Now().Add(time.Minute))
	port := strconv.Itoa(peer.LocalAddr().(*net.UDPAddr).Port)
	c := r.add("u", chardev.Options{Kind: "udp", UDP: chardev.UDPOptions{RemoteHost: "127.0.0.1", RemotePort: port}})
	d := r.connect(c, 4)
	r.until("connected", func() bool { return len(d.events) == 1 })
	r.do(func() { d.Write([]byte("ping")) })
	buf := make([]byte, 100)
	n, from, err := peer.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "ping" {
		t.Fatal(string(buf[:n]), err)
	}
	peer.WriteTo([]byte("long pong"), from)
	r.until("the beginning", func() bool { return string(d.got) == "long" })
	r.do(func() { d.space = 100; d.AcceptInput() })
	r.until("the rest", func() bool { return string(d.got) == "long pong" })
}

// A client that loses its server, or finds none, tries again.
func TestReconnect(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "s")
	o := socketAt(path, false)
	o.Socket.Reconnect = time.Millisecond
	c := r.add("c", o)
	d := r.connect(c, 100)
	for range 2 {
		ln, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "x")
		conn.Close()
		ln.Close()
	}
	r.until("both greetings", func() bool { return string(d.got) == "xx" })
}

func TestChange(t *testing.T) {
	r := newRig(t)
	c := r.add("c", chardev.Options{Kind: "null"})
	d := r.connect(c, 10)
	d.SetOpen(true)
	r.do(func() {
		n, err := r.Change("c", chardev.Options{Kind: "ringbuf"})
		if err != nil || !n.FrontendOpen() || d.Chardev() != n {
			t.Fatalf("%v, %v", n, err)
		}
		d.Write([]byte("moved"))
		if got := string(n.Backend().(*chardev.RingBuf).Take(9)); got != "moved" {
			t.Error(got)
		}
		if _, err := r.Change("c", chardev.Options{Kind: "file", Path: "/nonexistent/x"}); err == nil {
			t.Error("changed to a file that cannot be")
		}
		if r.Find("c") != n {
			t.Error("the device is gone after a failed change")
		}
		d.Swap = nil
		if _, err := r.Change("c", chardev.Options{Kind: "null"}); err == nil || err.Error() != "Chardev user does not support chardev hotswap" {
			t.Error(err)
		}
	})
	r.check(r.env.Tree)
}

func TestTCPFilename(t *testing.T) {
	r := newRig(t)
	c := r.add("s", chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{Host: "127.0.0.1", Port: "0", Server: true}})
	addr := c.Backend().(*chardev.Socket).Listener().Addr().String()
	if got, want := c.Filename(), "disconnected:tcp:"+addr+",server=on"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	want := "tcp:" + addr + ",server=on <-> " + conn.LocalAddr().String()
	r.until(want, func() bool { return c.Filename() == want })
}
