package qtest

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/machine"
)

// maxLine is the longest line the server takes; a write of 1 MiB fits.
const maxLine = 4 << 20

// Server serves the qtest protocol of one machine.
type Server struct {
	m   *machine.Machine
	log *slog.Logger

	answering sync.WaitGroup // lines that ran and whose answer is not sent; added to under the machine's lock

	// Guarded by the machine's lock.
	intercepted string          // path of the device whose lines are told of
	lines       []string        // that were told while a command of [Server.Run] runs
	clients     map[*queue]bool // who is told of lines
	drained     bool            // no line runs any more
	words       []string        // of the line that runs; kept for the next
}

// New returns a server for m. log, which may be nil, gets every line at level
// debug.
func New(m *machine.Machine, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{m: m, log: log, clients: map[*queue]bool{}}
}

// Run executes one line of the protocol and returns the answer, without the
// line's end. Interrupt lines that changed meanwhile stand on lines before it.
// It takes the machine's lock itself.
func (s *Server) Run(line string) string {
	var answer string
	s.m.Do(func() {
		s.lines = nil
		if answer = s.execute(line); len(s.lines) > 0 {
			answer = strings.Join(append(s.lines, answer), "\n")
		}
	})
	return answer
}

// execute runs one line under the machine's lock.
func (s *Server) execute(line string) string {
	words := s.words[:0]
	for w := range strings.FieldsSeq(line) {
		words = append(words, w)
	}
	s.words = words
	if len(words) == 0 {
		return "FAIL an empty line"
	}
	answer := s.run(words)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug("qtest", "in", line, "out", answer)
	}
	return answer
}

// ServeConn serves one client, until it leaves or ctx is done.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	out := newQueue(conn)
	s.m.Do(func() { s.clients[out] = true })
	defer out.close()
	defer s.m.Do(func() { delete(s.clients, out) })
	in := bufio.NewScanner(conn)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		if len(strings.TrimSpace(in.Text())) == 0 {
			continue
		}
		if err := s.answer(out, in.Text()); err != nil {
			return
		}
	}
	if err := in.Err(); err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		s.log.Warn("qtest client", "error", err)
	}
}

// answer runs one line of a client and sends the answer.
func (s *Server) answer(out *queue, line string) error {
	ended := false
	s.m.Do(func() {
		if ended = s.drained; !ended {
			s.answering.Add(1)
			out.add(s.execute(line))
		}
	})
	if ended {
		return net.ErrClosed
	}
	defer s.answering.Done()
	return out.flush()
}

// Drain runs no more lines and waits until those that ran have been answered, as
// a client expects whose line ended the machine. A client that does not read is
// waited for until the deadline. The caller must not hold the machine's lock.
func (s *Server) Drain(deadline time.Time) {
	s.m.Do(func() {
		s.drained = true
		for c := range s.clients {
			c.conn.SetWriteDeadline(deadline)
		}
	})
	s.answering.Wait()
}

// changed tells of an interrupt line, under the machine's lock.
func (s *Server) changed(input int, level bool) {
	text := lineText(input, level)
	s.lines = append(s.lines, text)
	for c := range s.clients {
		c.tell(text)
	}
}
