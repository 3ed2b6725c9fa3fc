package vnc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/coder/websocket"

	"github.com/qomd/qomd/devices/tlscreds/tlstest"
)

// encrypted has the server of a rig use certificates, and returns what a client
// needs that trusts them.
func encrypted(t *testing.T, r *rig) *tls.Config {
	t.Helper()
	dir := tlstest.Good(t)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir.Path, "server-cert.pem"), filepath.Join(dir.Path, "server-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir.Path, "ca-cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.encrypt = func(ctx context.Context, conn net.Conn) (net.Conn, error) {
		s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		return s, s.HandshakeContext(ctx)
	}
	trust := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	trust.RootCAs.AddCert(ca)
	return trust
}

// TestVeNCrypt goes through the handshake as QEMU 11.1.3 has it.
func TestVeNCrypt(t *testing.T) {
	r := newRig(t, Options{Password: true})
	trust := encrypted(t, r)
	r.mu.Lock()
	r.SetPassword("secret")
	if got := r.Security(); got != (Security{"vencrypt", "x509-vnc"}) {
		t.Errorf("security %+v", got)
	}
	r.mu.Unlock()
	begin := func(version, subtype string) net.Conn {
		conn := r.dial()
		take(t, conn, greeting)
		io.WriteString(conn, greeting)
		take(t, conn, "\x01\x13")
		io.WriteString(conn, "\x13")
		take(t, conn, "\x00\x02")
		io.WriteString(conn, version)
		if version == "\x00\x02" {
			take(t, conn, "\x00\x01\x00\x00\x01\x05")
			io.WriteString(conn, subtype)
		}
		return conn
	}
	conn := begin("\x00\x02", "\x00\x00\x01\x05")
	take(t, conn, "\x01")
	secure := tls.Client(conn, trust)
	var challenge [16]byte
	if _, err := io.ReadFull(secure, challenge[:]); err != nil {
		t.Fatal(err)
	}
	secure.Write(respond("secret", challenge))
	take(t, secure, "\x00\x00\x00\x00")
	secure.Write([]byte{1})
	if _, err := io.ReadFull(secure, make([]byte, 24)); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct{ version, subtype, want string }{
		{"\x00\x01", "", "\x01"},
		{"\x00\x02", "\x00\x00\x01\x04", "\x00"}, // without the password
		{"\x00\x02", "\x00\x00\x01\x02", "\x00"}, // without certificates
	} {
		rest, err := io.ReadAll(begin(c.version, c.subtype))
		if err != nil || string(rest) != c.want {
			t.Errorf("%q, %q: %q, %v; want %q", c.version, c.subtype, rest, err, c.want)
		}
	}

	// Somebody who speaks no TLS is let go.
	plain := begin("\x00\x02", "\x00\x00\x01\x05")
	take(t, plain, "\x01")
	io.WriteString(plain, "hello, is anybody there?")
	if _, err := io.ReadAll(plain); err != nil && !errors.Is(err, net.ErrClosed) && !isReset(err) {
		t.Error(err)
	}
}

func isReset(err error) bool { var op *net.OpError; return errors.As(err, &op) }

// TestSecureWebSocket: the TLS is below the WebSocket, nothing is above.
func TestSecureWebSocket(t *testing.T) {
	r := newRig(t, Options{})
	trust := encrypted(t, r)
	list, err := Address{Host: "127.0.0.1"}.Listen()
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.Listen([]Listener{{Listener: list[0], WebSocket: true}})
	if got := r.Endpoints()[0].Security; got != (Security{Auth: "none"}) {
		t.Errorf("security %+v", got)
	}
	r.mu.Unlock()
	raw, err := tls.Dial("tcp", list[0].Addr().String(), trust)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	ws, _, err := websocket.Dial(context.Background(), "ws://localhost", &websocket.DialOptions{
		HTTPClient: clientOver(raw), Subprotocols: []string{"binary"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	if !enter(t, websocket.NetConn(context.Background(), ws, websocket.MessageBinary), 1) {
		t.Error("not let in")
	}
}

// clientOver is a client whose connection is there already.
func clientOver(conn net.Conn) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}}
}
