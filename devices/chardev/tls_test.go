package chardev_test

import (
	"io"
	"net"
	"testing"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/tlscreds/tlstest"
	"github.com/qomd/qomd/qmp/qjson"
)

// object is object-add; props alternate names and values.
func (r *rig) object(typ, id string, props ...any) {
	r.Helper()
	q := object.Request{Type: typ, ID: id, Props: qjson.NewObject()}
	for i := 0; i < len(props); i += 2 {
		q.Props.Set(props[i].(string), props[i+1])
	}
	r.do(func() {
		if _, err := object.Add(r.env, q); err != nil {
			r.Fatal(err)
		}
	})
}

// credentials makes the objects "ts" and "tc" of one authority.
func (r *rig) credentials() {
	r.Helper()
	d := tlstest.Good(r.T)
	r.object("tls-creds-x509", "ts", "endpoint", "server", "dir", d.Path)
	r.object("tls-creds-x509", "tc", "endpoint", "client", "dir", d.Path)
}

// tlsServer makes a socket that listens, and returns its port.
func (r *rig) tlsServer(id, authz string) (*chardev.Chardev, string) {
	r.Helper()
	c := r.add(id, chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{
		Host: "127.0.0.1", Port: "0", Server: true, TLSCreds: "ts", TLSAuthz: authz,
	}})
	_, port, err := net.SplitHostPort(c.Backend().(*chardev.Socket).Listener().Addr().String())
	if err != nil {
		r.Fatal(err)
	}
	return c, port
}

func (r *rig) tlsClient(id, host, port string) *chardev.Chardev {
	r.Helper()
	return r.add(id, chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{Host: host, Port: port, TLSCreds: "tc"}})
}

// TestTLS passes bytes both ways, and lets the client leave.
func TestTLS(t *testing.T) {
	r := newRig(t)
	r.credentials()
	r.object("authz-simple", "friend", "identity", "O=acme,CN=client")
	server, port := r.tlsServer("s", "friend")
	a := r.connect(server, 100)
	b := r.connect(r.tlsClient("c", "localhost", port), 100)
	r.until("both are connected", func() bool { return len(a.events) == 1 && len(b.events) == 1 })
	r.do(func() {
		a.Write([]byte("to the client"))
		b.Write([]byte("to the server"))
	})
	r.until("bytes arrive", func() bool { return string(b.got) == "to the client" && string(a.got) == "to the server" })
	r.do(func() {
		b.Disconnect()
		if err := r.Remove("c"); err != nil {
			t.Fatal(err)
		}
	})
	r.until("the server hears of it", func() bool { return len(a.events) == 2 })
}

// TestTLSRefused shows that somebody who is not trusted is never connected, and
// that the next one may come.
func TestTLSRefused(t *testing.T) {
	r := newRig(t)
	r.credentials()
	r.object("authz-simple", "friend", "identity", "O=acme,CN=client")
	server, port := r.tlsServer("s", "friend")
	d := r.connect(server, 100)
	plain, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(plain, "GET / HTTP/1.0\r\n\r\n")
	io.Copy(io.Discard, plain) // until it is cut off
	plain.Close()
	// Somebody else's certificate does not help.
	other := tlstest.Good(t)
	r.object("tls-creds-x509", "stranger", "endpoint", "client", "dir", other.Path, "verify-peer", false)
	r.add("x", chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{Host: "localhost", Port: port, TLSCreds: "stranger"}})
	r.until("the stranger is gone", func() bool { return !r.Find("x").Backend().(*chardev.Socket).Connected() })
	r.tlsClient("c", "127.0.0.1", port)
	r.until("the friend is connected", func() bool { return len(d.events) == 1 })
	r.do(func() {
		if len(d.got) > 0 || d.events[0] != chardev.Opened {
			t.Errorf("got %q, %v", d.got, d.events)
		}
	})
}

// TestTLSSilent closes a socket whose client never begins to shake hands.
func TestTLSSilent(t *testing.T) {
	r := newRig(t)
	r.credentials()
	server, port := r.tlsServer("s", "")
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r.do(func() {
		if got := server.Filename(); got != "disconnected:tcp:127.0.0.1:"+port+",server=on" {
			t.Error(got)
		}
		if err := r.Remove("s"); err != nil {
			t.Fatal(err)
		}
	})
}
