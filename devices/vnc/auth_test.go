package vnc

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// rig is a server on a unix socket, whose events are told.
type rig struct {
	*Server
	t    *testing.T
	mu   sync.Mutex
	told chan string
	path string
}

func newRig(t *testing.T, o Options) *rig {
	r := &rig{t: t, told: make(chan string, 64), path: filepath.Join(t.TempDir(), "vnc")}
	o.Do = func(f func()) { r.mu.Lock(); defer r.mu.Unlock(); f() }
	o.Emit = func(name string, _ any) { r.told <- strings.TrimPrefix(name, "VNC_") }
	r.Server = New(o)
	t.Cleanup(r.Close)
	list, err := Address{Path: r.path}.Listen()
	if err != nil {
		t.Fatal(err)
	}
	r.Listen([]Listener{{Listener: list[0]}})
	return r
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	conn, err := net.Dial("unix", r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

// expect waits for an event.
func (r *rig) expect(want string) {
	r.t.Helper()
	if got := <-r.told; got != want {
		r.t.Fatalf("event %s, want %s", got, want)
	}
}

// take reads as many bytes as want has, and compares them.
func take(t *testing.T, conn io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("%q, want %q", got, want)
	}
}

// login answers the challenge with a password and returns what comes then.
func (r *rig) login(conn net.Conn, version, text string) string {
	r.t.Helper()
	take(r.t, conn, greeting)
	io.WriteString(conn, version)
	if version < "RFB 003.007" {
		take(r.t, conn, "\x00\x00\x00\x02")
	} else {
		take(r.t, conn, "\x01\x02")
		io.WriteString(conn, "\x02")
	}
	var challenge [16]byte
	if _, err := io.ReadFull(conn, challenge[:]); err != nil {
		r.t.Fatal(err)
	}
	conn.Write(respond(text, challenge))
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		r.t.Fatal(err)
	}
	if answer[3] == securityOK {
		return "welcome"
	}
	rest, err := io.ReadAll(conn)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(rest)
}

// TestResponse is a vector of the algorithm: the password "password" and a
// challenge of the bytes 0 to 15.
func TestResponse(t *testing.T) {
	var challenge [16]byte
	for i := range challenge {
		challenge[i] = byte(i)
	}
	const want = "b866924125c8eebb9debc1db61c538e2"
	if got := fmt.Sprintf("%x", respond("password", challenge)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := fmt.Sprintf("%x", respond("password and more", challenge)); got != want {
		t.Errorf("only eight bytes of a password count: %s", got)
	}
}

func TestPassword(t *testing.T) {
	r := newRig(t, Options{Password: true})
	refused := "\x00\x00\x00\x16Authentication failed\x00"
	set := func(f func()) { r.mu.Lock(); defer r.mu.Unlock(); f() }
	for _, c := range []struct {
		name, version, try, want string
		change                   func()
	}{
		{"nobody has set one", greeting, "", refused, func() {}},
		{"the right one", greeting, "secret", "welcome", func() { r.SetPassword("secret") }},
		{"the right one, to version 3.3", "RFB 003.003\n", "secret", "welcome", func() {}},
		{"a wrong one", greeting, "Secret", refused, func() {}},
		{"a wrong one, to version 3.7", "RFB 003.007\n", "Secret", "", func() {}},
		{"one that will expire", greeting, "secret", "welcome", func() { r.ExpirePassword(time.Now().Add(time.Hour)) }},
		{"one that has expired", greeting, "secret", refused, func() { r.ExpirePassword(time.Now()) }},
		{"one that never expires", greeting, "secret", "welcome", func() { r.ExpirePassword(time.Time{}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			set(c.change)
			conn := r.dial()
			if got := r.login(conn, c.version, c.try); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			conn.Close()
			r.expect("CONNECTED")
			r.expect("DISCONNECTED")
		})
	}
	open := New(Options{})
	if open.SetPassword("x") {
		t.Error("a server that asks for no password took one")
	}
}

// enter goes through the handshake without a password, and returns whether the
// screen came.
func enter(t *testing.T, conn io.ReadWriter, shared byte) bool {
	t.Helper()
	take(t, conn, greeting)
	io.WriteString(conn, greeting)
	take(t, conn, "\x01\x01")
	io.WriteString(conn, "\x01")
	take(t, conn, "\x00\x00\x00\x00")
	conn.Write([]byte{shared})
	_, err := io.ReadFull(conn, make([]byte, 24))
	return err == nil
}

// TestSharing holds the policies against what QEMU 11.1.3 did: the first client
// shares, the second does not, the third shares.
func TestSharing(t *testing.T) {
	for _, c := range []struct {
		policy      Sharing
		connections int
		events      string // after those of the first client
		entered     []bool
	}{
		{AllowExclusive, 32, "CONNECTED INITIALIZED DISCONNECTED CONNECTED DISCONNECTED", []bool{true, true, false}},
		{ForceShared, 32, "CONNECTED DISCONNECTED CONNECTED INITIALIZED", []bool{true, false, true}},
		{IgnoreSharing, 32, "CONNECTED INITIALIZED CONNECTED INITIALIZED", []bool{true, true, true}},
		{IgnoreSharing, 1, "CONNECTED INITIALIZED CONNECTED DISCONNECTED", []bool{true, true, false}},
	} {
		t.Run(fmt.Sprint(c.policy, c.connections), func(t *testing.T) {
			r := newRig(t, Options{Sharing: c.policy, Connections: c.connections})
			events := strings.Fields("CONNECTED INITIALIZED " + c.events)
			for i, shared := range []byte{1, 0, 1} {
				if got := enter(t, r.dial(), shared); got != c.entered[i] {
					t.Errorf("client %d: let in: %v", i, got)
				}
				last := "INITIALIZED"
				if !c.entered[i] || i == 1 && c.policy == AllowExclusive {
					last = "DISCONNECTED" // of the client itself, or of the one that made room
				}
				for got := ""; got != last; events = events[1:] {
					if got = <-r.told; got != events[0] {
						t.Fatalf("client %d: event %s, want %s", i, got, events[0])
					}
				}
			}
		})
	}
}

func TestWebSocket(t *testing.T) {
	r := newRig(t, Options{})
	list, err := Address{Host: "127.0.0.1"}.Listen()
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.Listen([]Listener{{Listener: list[0], WebSocket: true}})
	_, plain := r.Endpoint()
	r.mu.Unlock()
	if plain {
		t.Error("a server of WebSockets alone says where it listens otherwise")
	}
	ws, _, err := websocket.Dial(context.Background(), "ws://"+list[0].Addr().String(),
		&websocket.DialOptions{Subprotocols: []string{"binary"}})
	if err != nil {
		t.Fatal(err)
	}
	conn := websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
	if !enter(t, conn, 1) {
		t.Fatal("not let in")
	}
	r.mu.Lock()
	clients := r.Clients()
	r.mu.Unlock()
	if len(clients) != 1 || !clients[0].WebSocket || clients[0].Host != "127.0.0.1" {
		t.Errorf("clients %+v", clients)
	}
	conn.Close()
	for _, want := range []string{"CONNECTED", "INITIALIZED", "DISCONNECTED"} {
		r.expect(want)
	}
	if _, err := net.Dial("unix", r.path); err == nil {
		t.Error("the server still listens where it did before")
	}
}
