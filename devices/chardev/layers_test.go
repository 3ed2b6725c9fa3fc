package chardev

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/coder/websocket"
	"pgregory.net/rapid"
)

// echo serves a socket that sends back what it gets, and returns where it is.
func echo(t *testing.T, o SocketOptions) (*Socket, string) {
	t.Helper()
	o.Host, o.Port, o.Server = "127.0.0.1", "0", true
	s, err := OpenSocket(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(ctx, func(_ context.Context, conn net.Conn) { io.Copy(conn, conn) })
	}()
	t.Cleanup(func() {
		cancel()
		s.Close()
		<-done
	})
	return s, s.ln.Addr().String()
}

func TestTelnet(t *testing.T) {
	s, address := echo(t, SocketOptions{Telnet: true})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "\xff\xfd\x01in\xff\xfb\x03fo\xff\xf1 \xff\xfa\x18\x00\xff\xffxterm\xff\xf0st\xff\xff\xff\xf3atus")
	got := make([]byte, len(telnetHello)+len("info st\xffatus"))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if want := "\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00info st\xffatus"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if want := "telnet:" + address + ",server=on <-> " + conn.LocalAddr().String(); s.Filename() != want {
		t.Errorf("filename %s, want %s", s.Filename(), want)
	}
}

// TestTelnetPieces: it does not matter in which pieces data and commands come.
func TestTelnetPieces(t *testing.T) {
	commands := []string{"\xff\xf1", "\xff\xfb\x01", "\xff\xfe\xff", "\xff\xfa\x18\xff\xff\xf0\xff\xf0"}
	rapid.Check(t, func(t *rapid.T) {
		var sent, want []byte
		for range rapid.IntRange(0, 20).Draw(t, "parts") {
			if rapid.Bool().Draw(t, "command") {
				sent = append(sent, rapid.SampledFrom(commands).Draw(t, "which")...)
				continue
			}
			data := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "data")
			want = append(want, data...)
			sent = append(sent, bytes.ReplaceAll(data, []byte{telnetIAC}, []byte{telnetIAC, telnetIAC})...)
		}
		var conn telnet
		var got []byte
		for len(sent) > 0 {
			n := rapid.IntRange(1, len(sent)).Draw(t, "piece")
			piece := bytes.Clone(sent[:n])
			got = append(got, piece[:conn.filter(piece)]...)
			sent = sent[n:]
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func TestWebSocket(t *testing.T) {
	s, address := echo(t, SocketOptions{WebSocket: true})
	ws, _, err := websocket.Dial(context.Background(), "ws://"+address, &websocket.DialOptions{Subprotocols: []string{"binary"}})
	if err != nil {
		t.Fatal(err)
	}
	conn := websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
	big := bytes.Repeat([]byte("0123456789"), 10000)
	go conn.Write(big)
	got := make([]byte, len(big))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, big) {
		t.Error("another text came back")
	}
	if name := s.Filename(); name[:len("websocket:127.0.0.1:")] != "websocket:127.0.0.1:" {
		t.Errorf("filename %s", name)
	}
	conn.Close()

	// Who does not speak it is told and let go; the next one is served.
	for _, request := range []string{"nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"} {
		plain, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(plain, request)
		if _, err := io.ReadAll(plain); err != nil {
			t.Errorf("%q: %v", request, err)
		}
		plain.Close()
	}
	again, _, err := websocket.Dial(context.Background(), "ws://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.CloseNow()
}

// TestWebSocketDeadline: a front end that steps aside does not end it.
func TestWebSocketDeadline(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	began := make(chan net.Conn)
	go func() {
		conn, _ := WebSocket(context.Background(), ours)
		began <- conn
	}()
	io.WriteString(theirs, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	hello := make([]byte, 4096)
	for n := 0; !bytes.HasSuffix(hello[:n], []byte("\r\n\r\n")); {
		k, err := theirs.Read(hello[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	conn := <-began
	if conn == nil {
		t.Fatal("no connection")
	}
	defer conn.Close()
	conn.SetReadDeadline(longAgo)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("read without data")
	}
	conn.SetReadDeadline(time.Time{})
	go theirs.Write([]byte{0x82, 0x81, 0, 0, 0, 0, 'x'}) // a masked binary frame
	var b [1]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil || b[0] != 'x' {
		t.Errorf("%q, %v", b, err)
	}
}
