package qmp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qmp"
)

// dialSocket connects to a served unix socket.
func dialSocket(t testing.TB, path string) (*net.UnixConn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.UnixConn), bufio.NewReader(c)
}

func readLine(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	return strings.TrimSuffix(text, "\r\n")
}

// TestHalfClose: a client that has said all it has to say still gets its answers,
// then the end. Scripts with netcat and socat depend on that.
func TestHalfClose(t *testing.T) {
	m := newMachine(nil)
	c, r := dialSocket(t, m.serve(t, qmp.Monitor{}))
	fmt.Fprint(c, `{"execute": "qmp_capabilities"}`)
	for id := range 5 {
		fmt.Fprintf(c, `{"execute": "query-name", "id": %d}`, id)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(rest)), "\r\n")
	if len(lines) != 7 || lines[6] != `{"return": {}, "id": 4}` {
		t.Errorf("got %q", lines)
	}
}

// TestQueueDropped: with "oob" requests may wait; those are dropped when the
// client hangs up, the one at work is finished.
func TestQueueDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(nil)
		set := m.commands()
		g := newGate(set)
		ran := 0
		qmp.Register(set, "count", 0, func(*qmp.Call, none) (none, error) { ran++; return none{}, nil })
		m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
		p := negotiate(t, m.server, true)
		p.send(`{"execute": "wait"} {"execute": "count"} {"execute": "count"}`)
		synctest.Wait()
		p.Close()
		synctest.Wait()
		g.leave <- struct{}{}
		<-p.done
		shutdown(t, m.server)
		if ran != 0 {
			t.Errorf("%d dropped requests were run", ran)
		}
	})
}

func TestAfterReply(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	quit := make(chan string, 10)
	qmp.Register(set, "quit", 0, func(c *qmp.Call, _ none) (none, error) {
		m.server.Emit("SHUTDOWN", map[string]any{"guest": false, "reason": "host-qmp-quit"})
		c.AfterReply(func() { quit <- "after the reply" })
		return none{}, nil
	})
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do, Now: epoch})
	a, b := negotiate(t, m.server, false), negotiate(t, m.server, false)
	const event = stamp + `"SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-quit"}}`
	a.send(`{"execute": "quit", "id": "bye"}`)
	a.want(event, `{"return": {}, "id": "bye"}`)
	<-quit
	// b has not read its event yet: Shutdown delivers it.
	done := make(chan struct{})
	go func() {
		defer close(done)
		shutdown(t, m.server)
	}()
	b.want(event)
	for _, p := range []*peer{a, b} {
		if p.lines.Scan() {
			t.Errorf("after the end: %s", p.lines.Text())
		}
		if err := <-p.done; err != qmp.ErrServerClosed {
			t.Errorf("the session ended with %v", err)
		}
	}
	<-done
	// Nothing is served any more.
	client, server := net.Pipe()
	defer client.Close()
	if err := m.server.ServeConn(t.Context(), server, qmp.Monitor{}); err != qmp.ErrServerClosed {
		t.Errorf("a new session ended with %v", err)
	}
	m.server.Emit("STOP", nil)
}

// TestAfterReplyClientGone: "quit" works even if its client does not wait.
func TestAfterReplyClientGone(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	g := newGate(set)
	quit := make(chan struct{})
	qmp.Register(set, "quit", 0, func(c *qmp.Call, _ none) (none, error) {
		g.entered <- struct{}{}
		<-g.leave
		c.AfterReply(func() { close(quit) })
		return none{}, nil
	})
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
	p := negotiate(t, m.server, false)
	p.send(`{"execute": "quit"}`)
	<-g.entered
	p.Close()
	g.leave <- struct{}{}
	<-quit
	<-p.done
}

// TestShutdownWhileReaderWaits: a reader that waits for room must notice.
func TestShutdownWhileReaderWaits(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	g := newGate(set)
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
	p := negotiate(t, m.server, false)
	p.send(`{"execute": "wait", "id": 1}`)
	<-g.entered
	done := make(chan struct{})
	go func() {
		defer close(done)
		shutdown(t, m.server)
	}()
	g.leave <- struct{}{}
	p.want(`{"return": {}, "id": 1}`)
	<-done
	<-p.done
}

func TestShutdownTimeout(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	g := newGate(set)
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
	p := negotiate(t, m.server, false)
	p.send(`{"execute": "wait"}`)
	<-g.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.server.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	g.leave <- struct{}{}
	shutdown(t, m.server)
	<-p.done
}

// TestNextClientWaits: one client at a time; the next is greeted when it is over.
func TestNextClientWaits(t *testing.T) {
	m := newMachine(nil)
	path := m.serve(t, qmp.Monitor{})
	a, ra := dialSocket(t, path)
	readLine(t, ra)
	b, rb := dialSocket(t, path)
	fmt.Fprint(b, `{"execute": "qmp_capabilities"}`)
	fmt.Fprint(a, `{"execute": "qmp_capabilities"}`)
	if got := readLine(t, ra); got != `{"return": {}}` {
		t.Error(got)
	}
	if n := m.server.Sessions(); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
	a.Close()
	if got := readLine(t, rb); !strings.HasPrefix(got, `{"QMP"`) {
		t.Error(got)
	}
	if got := readLine(t, rb); got != `{"return": {}}` {
		t.Error(got)
	}
}

func TestServeUntilContextDone(t *testing.T) {
	m := newMachine(nil)
	ln, err := net.Listen("unix", t.TempDir()+"/qmp.sock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- m.server.Serve(ctx, ln, qmp.Monitor{}) }()
	_, r := dialSocket(t, ln.Addr().String())
	readLine(t, r)
	cancel()
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("the client read %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// serverGoroutines counts the goroutines of a bubble inside the server's code;
// those of tests before may not have quite ended.
func serverGoroutines() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for g := range strings.SplitSeq(string(stacks), "\n\n") {
		header, _, _ := strings.Cut(g, "\n")
		if !strings.Contains(header, "synctest bubble") {
			continue
		}
		if strings.Contains(g, "qmp.(*Server).") || strings.Contains(g, "qmp.(*Session).") {
			n++
		}
	}
	return n
}

// TestIdleGoroutines: an idle session has its reader and its writer, and nothing
// is left when clients have come and gone.
func TestIdleGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(nil)
		for range 3 {
			p := negotiate(t, m.server, true)
			p.send(`{"execute": "query-name"}`)
			p.want(`{"return": {}}`)
			synctest.Wait()
			if got := serverGoroutines(); got != 2 {
				t.Errorf("%d goroutines for one idle session, want 2", got)
			}
			p.leave()
		}
		synctest.Wait()
		if got := serverGoroutines(); got != 0 {
			t.Errorf("%d goroutines left", got)
		}
	})
}

// TestUnfinishedInput: what a client leaves half said does not reach the next.
func TestUnfinishedInput(t *testing.T) {
	m := newMachine(nil)
	p := negotiate(t, m.server, false)
	p.send(`{"execute": "query-na`)
	p.leave()
	q := negotiate(t, m.server, false)
	q.send("me\"}\n")
	var got []string
	got = append(got, q.line(), q.line())
	want := []string{
		`{"error": {"class": "GenericError", "desc": "1:32: JSON parse error, invalid keyword 'me'"}}`,
		`{"error": {"class": "GenericError", "desc": "1:35: JSON parse error, stray '\"}\n'"}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	q.leave()
}
