package qmp_test

import (
	"bufio"
	"io"
	"net"
	"testing"

	"github.com/qomd/qomd/qmp"
)

// command is an everyday request of 112 bytes.
const command = `{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/x0", "property": "realized"}, "id": "lv-42"}` + "\n"

// stubConn is a connection whose input is one command over and over; its output
// is thrown away. It takes the socket out of the measurement.
type stubConn struct {
	net.Conn // nil: nothing else is called
	left     int
	first    bool
}

func (c *stubConn) Read(p []byte) (int, error) {
	if c.first {
		c.first = false
		return copy(p, `{"execute": "qmp_capabilities"}`), nil
	}
	if c.left == 0 {
		return 0, io.EOF
	}
	c.left--
	return copy(p, command), nil
}

// BenchmarkDispatch measures what a request costs: reading, parsing, checking,
// hand-over to the dispatcher, the command under the lock, the reply.
func BenchmarkDispatch(b *testing.B) {
	m := newMachine(nil)
	client, server := net.Pipe()
	go io.Copy(io.Discard, client)
	stub := &stubConn{Conn: server, left: b.N, first: true}
	b.SetBytes(int64(len(command)))
	b.ReportAllocs()
	b.ResetTimer()
	m.server.ServeConn(b.Context(), stub, qmp.Monitor{})
	client.Close()
}

// BenchmarkRoundTrip adds a client that waits for each answer, over a socket.
func BenchmarkRoundTrip(b *testing.B) {
	m := newMachine(nil)
	c, err := net.Dial("unix", m.serve(b, qmp.Monitor{}))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	c.Write([]byte(`{"execute": "qmp_capabilities"}`))
	readLine(b, r)
	readLine(b, r)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write([]byte(command)); err != nil {
			b.Fatal(err)
		}
		if _, err := r.ReadSlice('\n'); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEmit sends one event to four clients.
func BenchmarkEmit(b *testing.B) {
	m := newMachine(nil)
	for range 4 {
		p := negotiate(b, m.server, false)
		go io.Copy(io.Discard, p)
		b.Cleanup(func() { p.leave() })
	}
	data := map[string]string{"device": "x0", "path": "/machine/peripheral/x0"}
	b.ReportAllocs()
	for b.Loop() {
		m.server.Emit("DEVICE_DELETED", data)
	}
}
