package cmdtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func qmp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: qmp SOCKET FILE")
	}
	p := &peer{w: ts.Stdout(), term: func(file string) error { return signalFile(ts.ReadFile(file), syscall.SIGTERM) }}
	ts.Check(p.talk(ts.MkAbs(args[0]), ts.ReadFile(args[1])))
}

// talk holds a conversation on a unix socket.
func (p *peer) talk(socket, script string) error {
	var conn net.Conn
	err := poll(func() (err error) {
		conn, err = net.Dial("unix", socket)
		return err
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	p.conn, p.r = conn, bufio.NewReader(conn)
	if _, err := p.message(); err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	if err := p.ask(`{"execute": "qmp_capabilities"}`, io.Discard); err != nil {
		return err
	}
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := p.step(line); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

// peer is one conversation.
type peer struct {
	w    io.Writer
	term func(file string) error // ends a process
	conn net.Conn
	r    *bufio.Reader
}

func (p *peer) step(line string) error {
	if line == "eof" {
		if text, err := p.message(); err != io.EOF {
			return fmt.Errorf("want the end, got %q %v", text, err)
		}
		return nil
	}
	if file, ok := strings.CutPrefix(line, "term "); ok {
		return p.term(file)
	}
	if count, ok := strings.CutPrefix(line, "wait "); ok {
		n, err := strconv.Atoi(count)
		for ; err == nil && n > 0; n-- {
			var text string
			if text, err = p.message(); err == nil {
				fmt.Fprintln(p.w, text)
			}
		}
		return err
	}
	return p.ask(line, p.w)
}

// ask sends a request and writes what comes up to its reply.
func (p *peer) ask(request string, w io.Writer) error {
	if _, err := io.WriteString(p.conn, request+"\n"); err != nil {
		return err
	}
	for {
		text, err := p.message()
		if err != nil {
			return err
		}
		fmt.Fprintln(w, text)
		if strings.HasPrefix(text, `{"return"`) || strings.HasPrefix(text, `{"error"`) {
			return nil
		}
	}
}

var timestamp = regexp.MustCompile(`"timestamp": \{[^}]*\}, `)

// message reads a message and drops its timestamp.
func (p *peer) message() (string, error) {
	line, err := p.r.ReadString('\n')
	return timestamp.ReplaceAllString(strings.TrimRight(line, "\r\n"), ""), err
}
