package qmptest

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
)

// maxLine is how much of a line is printed: nobody reads all of the schema.
const maxLine = 2000

// transcript records what the clients of a machine and the machine said, what
// it logged, and what the test did to it.
type transcript struct {
	mu    sync.Mutex
	lines []string
	conns int
	ended bool
}

// logger returns a logger that writes into the transcript; what panicked is told
// to panicked as well.
func (t *transcript) logger(panicked func(string)) *slog.Logger {
	return slog.New(slog.NewTextHandler(t, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == "panic" {
				panicked(a.Value.String())
			}
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// Write takes lines of the machine's log.
func (t *transcript) Write(p []byte) (int, error) {
	t.add("..", p)
	return len(p), nil
}

// notef records something the test did.
func (t *transcript) notef(format string, args ...any) {
	t.add("..", fmt.Appendf(nil, format, args...))
}

// end ends the transcript: what follows is the test being taken down.
func (t *transcript) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
}

func (t *transcript) add(mark string, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	for line := range bytes.Lines(p) {
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		text := string(line)
		if len(line) > maxLine {
			text = fmt.Sprintf("%s ... (%d bytes)", line[:maxLine], len(line))
		}
		t.lines = append(t.lines, mark+" "+text)
	}
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// record wraps the machine's end of a connection.
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

// recorded notes lines. Clients need not end theirs: what is left is noted
// before the next thing the machine says.
type recorded struct {
	net.Conn
	t      *transcript
	suffix string

	mu sync.Mutex
	in []byte // read, not noted
}

// NetConn returns the connection that is recorded.
func (r *recorded) NetConn() net.Conn { return r.Conn }

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in = append(r.in, p[:n]...)
	if end := bytes.LastIndexByte(r.in, '\n') + 1; end > 0 {
		r.t.add("->"+r.suffix, r.in[:end])
		r.in = append(r.in[:0], r.in[end:]...)
	}
	return n, err
}

func (r *recorded) Write(p []byte) (int, error) {
	r.mu.Lock()
	if len(r.in) > 0 {
		r.t.add("->"+r.suffix, r.in)
		r.in = r.in[:0]
	}
	r.t.add("<-"+r.suffix, p) // a message is written in one go
	r.mu.Unlock()
	return r.Conn.Write(p)
}
