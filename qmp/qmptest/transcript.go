package qmptest

import (
	"bytes"
	"fmt"
	"net"
	"sync"
)

// transcript records what went over the connections of a machine, and what the
// machine logged.
type transcript struct {
	mu    sync.Mutex
	lines []string
	conns int
}

func newTranscript() *transcript { return &transcript{} }

// Write takes lines of the machine's log.
func (t *transcript) Write(p []byte) (int, error) {
	t.add("..", p)
	return len(p), nil
}

func (t *transcript) add(mark string, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(p) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			t.lines = append(t.lines, mark+" "+string(line))
		}
	}
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	for _, l := range t.lines {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

// record wraps the client's end of a connection.
func (t *transcript) record(conn net.Conn) net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns++
	suffix := ""
	if t.conns > 1 {
		suffix = fmt.Sprint(t.conns)
	}
	return &recorded{Conn: conn, t: t, suffix: suffix}
}

// recorded notes complete lines; what a connection carries without a line end
// is noted when the next line end comes, or never.
type recorded struct {
	net.Conn
	t      *transcript
	suffix string

	inMu, outMu sync.Mutex
	in, out     []byte
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.inMu.Lock()
	defer r.inMu.Unlock()
	r.in = r.note("<-", append(r.in, p[:n]...))
	return n, err
}

func (r *recorded) Write(p []byte) (int, error) {
	r.outMu.Lock()
	r.out = r.note("->", append(r.out, p...))
	r.outMu.Unlock()
	return r.Conn.Write(p)
}

// note records the complete lines of buf and returns the rest.
func (r *recorded) note(mark string, buf []byte) []byte {
	end := bytes.LastIndexByte(buf, '\n')
	if end < 0 {
		return buf
	}
	r.t.add(mark+r.suffix, buf[:end+1])
	return append(buf[:0], buf[end+1:]...)
}
