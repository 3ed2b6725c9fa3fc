package chardev_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/chardev"
)

// What a client sends waits until a front end takes it, and as much as that
// takes.
func TestBackPressure(t *testing.T) {
	r := newRig(t)
	c, path := r.server("s")
	conn := r.dial(path)
	io.WriteString(conn, "hello, world")
	d := r.connect(c, 5)
	r.until("five bytes", func() bool { return string(d.got) == "hello" })
	r.do(func() { d.space = 2; d.AcceptInput() })
	r.until("two more", func() bool { return string(d.got) == "hello, " })
	r.do(func() { d.Disconnect() })

	// The rest is the next front end's.
	e := r.connect(c, 100)
	r.until("the rest", func() bool { return string(e.got) == "world" })
	r.do(func() {
		if n, err := e.Write([]byte("answer")); n != 6 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	})
	if got := r.read(conn, 6); got != "answer" {
		t.Errorf("read %q", got)
	}
	conn.Close()
	r.until("closed", func() bool { return len(e.events) == 2 && e.events[1] == chardev.Closed })
	r.do(func() {
		if e.events[0] != chardev.Opened {
			t.Errorf("events %v", e.events)
		}
		if n, err := e.Write([]byte("nobody reads this")); n != 17 || err != nil {
			t.Errorf("wrote %d, %v without a client", n, err)
		}
		e.Disconnect()
	})
	r.check(r.env.Tree)
}

// A client that does not read makes writes short, and is told of room.
func TestSlowClient(t *testing.T) {
	r := newRig(t)
	c, path := r.server("s")
	conn := r.dial(path)
	d := r.connect(c, 0)
	writable := make(chan struct{}, 1)
	r.do(func() { d.Writable = func() { writable <- struct{}{} } })
	r.until("connected", func() bool { return len(d.events) == 1 })
	sent := 0
	block := make([]byte, 1<<16)
	for short := false; !short; {
		r.do(func() {
			n, err := d.Write(block)
			sent += n
			short = err != nil
		})
	}
	if _, err := io.CopyN(io.Discard, conn, int64(sent)); err != nil {
		t.Fatal(err)
	}
	<-writable
}

// A connection outlives the monitor that had it, unread bytes included.
func TestStreamsTakeTurns(t *testing.T) {
	r := newRig(t)
	c, path := r.server("s")
	echo := func(prefix string) *chardev.Frontend {
		return &chardev.Frontend{Stream: func(ctx context.Context, conn net.Conn) {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			lines := bufio.NewReader(&oneByte{conn})
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				io.WriteString(conn, prefix+line)
			}
		}}
	}
	one, two := echo("1 "), echo("2 ")
	conn := r.dial(path)
	r.do(func() {
		if err := c.Connect(one); err != nil {
			t.Error(err)
		}
		if err := c.Connect(two); err == nil || err.Error() != "chardev 's' is already in use" {
			t.Error(err)
		}
	})
	io.WriteString(conn, "a\n")
	if got := r.read(conn, 4); got != "1 a\n" {
		t.Errorf("read %q", got)
	}
	r.do(func() {
		one.Disconnect()
		if c.FrontendOpen() || !c.Backend().(*chardev.Socket).Connected() {
			t.Error("the client left with the monitor")
		}
	})
	io.WriteString(conn, "b\n")
	r.do(func() {
		if err := c.Connect(two); err != nil {
			t.Error(err)
		}
	})
	if got := r.read(conn, 4); got != "2 b\n" {
		t.Errorf("read %q", got)
	}
	r.do(two.Disconnect)
}

// oneByte reads no more than it must.
type oneByte struct{ io.Reader }

func (o *oneByte) Read(p []byte) (int, error) { return o.Reader.Read(p[:min(1, len(p))]) }

// A client that hangs up is noticed without a front end, and makes way for the
// next one.
func TestHangUpWithoutFrontend(t *testing.T) {
	r := newRig(t)
	c, path := r.server("s")
	name := func() string { return c.Filename() }
	if got := name(); !strings.HasPrefix(got, "disconnected:unix:") {
		t.Error(got)
	}
	conn := r.dial(path)
	io.WriteString(conn, "lost")
	r.until("connected", func() bool { return strings.HasPrefix(name(), "unix:") })
	conn.Close()
	r.until("disconnected", func() bool { return strings.HasPrefix(name(), "disconnected:") })
	conn = r.dial(path)
	io.WriteString(conn, "kept")
	d := r.connect(c, 100)
	r.until("bytes of the second client", func() bool { return string(d.got) == "kept" })
}

// Taking a device away closes its connection, and its path can be used again.
func TestRemoveWhileConnected(t *testing.T) {
	r := newRig(t)
	c, path := r.server("s")
	conn := r.dial(path)
	r.until("connected", c.Backend().(*chardev.Socket).Connected)
	r.do(func() {
		if err := r.Remove("s"); err != nil {
			t.Error(err)
		}
		if err := r.Remove("s"); err == nil || err.Error() != "Chardev 's' not found" {
			t.Error(err)
		}
	})
	if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read %d, %v", n, err)
	}
	r.add("s", socketAt(path, true))
	r.dial(path)
	r.check(r.env.Tree)
}

func TestMux(t *testing.T) {
	r := newRig(t)
	base, path := r.server("base")
	mux := r.add("m", chardev.Options{Kind: "mux", Base: "base"})
	if !base.Busy() {
		t.Error("the shared device is free")
	}
	one := r.connect(mux, 100)
	two := r.connect(mux, 100) // has the focus
	conn := r.dial(path)
	io.WriteString(conn, "for two\x01c")
	r.until("two has its bytes", func() bool { return string(two.got) == "for two" })
	io.WriteString(conn, "for one\x01\x01")
	r.until("one has its bytes", func() bool { return string(one.got) == "for one\x01" })
	r.do(func() { one.Write([]byte("1")); two.Write([]byte("2")) })
	if got := r.read(conn, 2); got != "12" {
		t.Errorf("read %q", got)
	}
	r.do(func() {
		if err := r.Remove("m"); err == nil || err.Error() != "Chardev 'm' is busy" {
			t.Error(err)
		}
		one.Disconnect()
		two.Disconnect()
		if err := r.Remove("m"); err != nil {
			t.Error(err)
		}
		if base.Busy() {
			t.Error("the shared device is still in use")
		}
	})
}

func TestHub(t *testing.T) {
	r := newRig(t)
	_, a := r.server("a")
	_, b := r.server("b")
	hub := r.add("h", chardev.Options{Kind: "hub", Bases: []string{"a", "b"}})
	d := r.connect(hub, 100)
	ca, cb := r.dial(a), r.dial(b)
	io.WriteString(ca, "a")
	r.until("a's byte", func() bool { return string(d.got) == "a" })
	io.WriteString(cb, "b")
	r.until("b's byte", func() bool { return string(d.got) == "ab" })
	r.do(func() { d.Write([]byte("x")) })
	if got := r.read(ca, 1) + r.read(cb, 1); got != "xx" {
		t.Errorf("read %q", got)
	}
}

// Commands to a multiplexer; what it answers is QEMU's.
func TestMuxCommands(t *testing.T) {
	r := newRig(t)
	_, path := r.server("base")
	mux := r.add("m", chardev.Options{Kind: "mux", Base: "base"})
	d := r.connect(mux, 100)
	did := ""
	r.do(func() {
		r.Terminal = chardev.Terminal{Escape: 2, HasEscape: true, Quit: func() { did += "quit " }, Commit: func() { did += "commit " }}
	})
	conn := r.dial(path)
	io.WriteString(conn, "\x02h")
	const help = "\n\rC-b h    print this help\n\rC-b x    exit emulator\n\rC-b s    save disk data back to file (if -snapshot)\n\r" +
		"C-b t    toggle console timestamps\n\rC-b b    send break (magic sysrq)\n\rC-b c    switch between console and monitor\n\r" +
		"C-b C-b  sends C-b\n\r"
	if got := r.read(conn, len(help)); got != help {
		t.Errorf("help: %q", got)
	}
	io.WriteString(conn, "\x01\x02b\x02s\x02x")
	const bye = "QEMU: Terminated\n\r"
	if got := r.read(conn, len(bye)); got != bye {
		t.Errorf("after x: %q", got)
	}
	r.until("the byte that is no command is there", func() bool { return string(d.got) == "\x01" })
	r.do(func() {
		if did != "commit quit " || d.events[len(d.events)-1] != chardev.Break {
			t.Errorf("did %q, events %v", did, d.events)
		}
	})
	io.WriteString(conn, "\x02t.")
	r.until("the command is over", func() bool { return string(d.got) == "\x01." })
	r.do(func() { d.Write([]byte("a\nb")) })
	const stamp = "a\n[00:00:00.000] b"
	if got := r.read(conn, len(stamp)); got != stamp {
		t.Errorf("stamped: %q", got)
	}
}
