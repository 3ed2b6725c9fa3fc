package qtest

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"strings"

	"github.com/qomd/qomd/devices/machine"
)

// maxLine is the longest line the server takes; a write of 1 MiB fits.
const maxLine = 4 << 20

// Server serves the qtest protocol of one machine.
type Server struct {
	m   *machine.Machine
	log *slog.Logger
}

// New returns a server for m. log, which may be nil, gets every line at level
// debug.
func New(m *machine.Machine, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{m, log}
}

// Run executes one line of the protocol and returns the answer, without the
// line's end. It takes the machine's lock itself.
func (s *Server) Run(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return "FAIL an empty line"
	}
	var answer string
	s.m.Do(func() { answer = s.run(words) })
	return answer
}

// ServeConn serves one client, until it leaves or ctx is done.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	in := bufio.NewScanner(conn)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		words := strings.Fields(in.Text())
		if len(words) == 0 {
			continue
		}
		answer := s.Run(in.Text())
		s.log.Debug("qtest", "in", in.Text(), "out", answer)
		if _, err := conn.Write([]byte(answer + "\n")); err != nil {
			return
		}
	}
	if err := in.Err(); err != nil && ctx.Err() == nil {
		s.log.Warn("qtest client", "error", err)
	}
}
