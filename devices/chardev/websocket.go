package chardev

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// WebSocket answers the opening handshake of a WebSocket (RFC 6455) with the
// subprotocol "binary", the only one that QEMU speaks. When it fails conn is closed
// by whoever has it.
func WebSocket(ctx context.Context, conn net.Conn) (net.Conn, error) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r := bufio.NewReader(conn)
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	reply := &upgrade{conn: conn, r: r, header: http.Header{}}
	ws, err := websocket.Accept(reply, req, &websocket.AcceptOptions{Subprotocols: []string{"binary"}, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	// A deadline on a WebSocket ends it, and front ends use deadlines to step
	// aside for each other: they get a pipe.
	ours, theirs := net.Pipe()
	below := websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
	go func() {
		io.Copy(theirs, below)
		theirs.Close()
	}()
	go func() {
		io.Copy(below, theirs)
		below.Close()
	}()
	return &webSocket{Conn: ours, below: conn}, nil
}

// webSocket is a connection within a WebSocket.
type webSocket struct {
	net.Conn
	below net.Conn
}

// Close ends both; a client that does not take part in closing is not waited for.
func (w *webSocket) Close() error {
	w.Conn.Close()
	return w.below.Close()
}

func (w *webSocket) LocalAddr() net.Addr  { return w.below.LocalAddr() }
func (w *webSocket) RemoteAddr() net.Addr { return w.below.RemoteAddr() }

// upgrade writes the answer to a request that was read without an HTTP server.
type upgrade struct {
	conn   net.Conn
	r      *bufio.Reader
	header http.Header
	said   bool
}

func (u *upgrade) Header() http.Header { return u.header }

func (u *upgrade) WriteHeader(status int) {
	if u.said {
		return
	}
	u.said = true
	answer := http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: u.header}
	answer.Write(u.conn)
}

func (u *upgrade) Write(p []byte) (int, error) {
	u.WriteHeader(http.StatusOK)
	return u.conn.Write(p)
}

// Hijack gives the connection away, as [http.Hijacker] says.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return u.conn, bufio.NewReadWriter(u.r, bufio.NewWriter(u.conn)), nil
}
