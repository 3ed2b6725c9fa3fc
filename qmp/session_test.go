package qmp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// peer is the client's end of a session.
type peer struct {
	t testing.TB
	net.Conn
	lines *bufio.Scanner
	done  chan error // what ServeConn returned
}

// dial starts a session over a net.Pipe and takes the greeting.
func dial(t testing.TB, s *qmp.Server, m qmp.Monitor) *peer {
	t.Helper()
	client, server := net.Pipe()
	p := &peer{t: t, Conn: client, lines: bufio.NewScanner(client), done: make(chan error, 1)}
	p.lines.Buffer(nil, 64<<20)
	go func() { p.done <- s.ServeConn(context.Background(), server, m) }()
	if got := p.line(); !strings.HasPrefix(got, `{"QMP": `) {
		t.Fatalf("greeting: %s", got)
	}
	return p
}

// negotiate dials and negotiates, with out-of-band execution if oob is set.
func negotiate(t testing.TB, s *qmp.Server, oob bool) *peer {
	t.Helper()
	p := dial(t, s, qmp.Monitor{Name: "test"})
	arguments := ""
	if oob {
		arguments = `, "arguments": {"enable": ["oob"]}`
	}
	p.send(`{"execute": "qmp_capabilities"` + arguments + `}`)
	p.want(`{"return": {}}`)
	return p
}

func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := p.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) line() string {
	p.t.Helper()
	if !p.lines.Scan() {
		p.t.Fatalf("the connection ended: %v", p.lines.Err())
	}
	return p.lines.Text()
}

// want expects these messages next.
func (p *peer) want(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		if diff := cmp.Diff(m, p.line()); diff != "" {
			p.t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

// leave hangs up and waits until the session is over.
func (p *peer) leave() error {
	p.Close()
	return <-p.done
}

// shutdown ends a server within the test's time.
func shutdown(t testing.TB, s *qmp.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func epoch() time.Time { return time.Unix(5, 6000) }

// stamp is how an event at epoch begins.
const stamp = `{"timestamp": {"seconds": 5, "microseconds": 6}, "event": `

func TestOrderOfEventsAndReply(t *testing.T) {
	m := newMachine(nil)
	var after []func() // what the machine does at the end of its turn
	set := m.commands()
	qmp.Register(set, "work", 0, func(*qmp.Call, none) (none, error) {
		m.server.Emit("BEFORE", nil)
		after = append(after, func() { m.server.Emit("AFTER", map[string]int{"n": 1}) })
		return none{}, nil
	})
	m.server = qmp.NewServer(qmp.Config{Commands: set, Now: epoch, Do: func(f func()) {
		m.mu.Lock()
		defer m.mu.Unlock()
		f()
		for _, fn := range after {
			fn()
		}
		after = nil
	}})
	p := negotiate(t, m.server, false)
	for range 20 {
		p.send(`{"execute": "work", "id": 1}`)
		p.want(stamp+`"BEFORE"}`, `{"return": {}, "id": 1}`, stamp+`"AFTER", "data": {"n": 1}}`)
	}
	p.leave()
}

func TestEventsOnlyAfterNegotiation(t *testing.T) {
	m := newMachine(func(c *qmp.Config) { c.Now = epoch })
	p := dial(t, m.server, qmp.Monitor{})
	m.server.Emit("STOP", nil)
	p.send(`{"execute": "qmp_capabilities"} {"execute": "stop"}`)
	p.want(`{"return": {}}`, stamp+`"STOP"}`, `{"return": {}}`)
	p.leave()
}

// TestOneOrderOfEvents lets several goroutines emit and compares what clients saw.
func TestOneOrderOfEvents(t *testing.T) {
	m := newMachine(func(c *qmp.Config) { c.Now = epoch })
	const clients, emitters, each = 4, 4, 50
	var seen [clients][]string
	var reading, emitting sync.WaitGroup
	for i := range clients {
		p := negotiate(t, m.server, i%2 == 0)
		reading.Go(func() {
			for range emitters * each {
				seen[i] = append(seen[i], p.line())
			}
			p.leave()
		})
	}
	for i := range emitters {
		emitting.Go(func() {
			for n := range each {
				m.server.Emit(fmt.Sprintf("E%d_%d", i, n), nil)
			}
		})
	}
	emitting.Wait()
	reading.Wait()
	for i := 1; i < clients; i++ {
		if diff := cmp.Diff(seen[0], seen[i]); diff != "" {
			t.Errorf("client %d saw another order:\n%s", i, diff)
		}
	}
}

// gate is a command that waits until the test lets it go.
type gate struct{ entered, leave chan struct{} }

func newGate(set *qmp.CommandSet) gate {
	g := gate{make(chan struct{}, 100), make(chan struct{}, 100)}
	qmp.Register(set, "wait", 0, func(*qmp.Call, none) (none, error) {
		g.entered <- struct{}{}
		<-g.leave
		return none{}, nil
	})
	return g
}

func TestOOBOvertakes(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	g := newGate(set)
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
	p := negotiate(t, m.server, true)
	p.send(`{"execute": "wait", "id": 1} {"execute": "query-name", "id": 2}`)
	<-g.entered
	p.send(`{"exec-oob": "query-yank", "id": 3}`)
	p.want(`{"return": [{"type": "chardev", "id": "compat_monitor0"}], "id": 3}`)
	g.leave <- struct{}{}
	p.want(`{"return": {}, "id": 1}`, `{"return": {}, "id": 2}`)
	p.leave()
}

// TestBackPressure counts how many requests a session takes while one is at work.
func TestBackPressure(t *testing.T) {
	for _, tt := range []struct {
		oob  bool
		want int // besides the one at work
	}{{false, 0}, {true, qmp.QueueLength}} {
		t.Run(fmt.Sprint("oob=", tt.oob), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(nil)
				set := m.commands()
				g := newGate(set)
				m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
				p := negotiate(t, m.server, tt.oob)
				taken := 0
				var mu sync.Mutex
				go func() {
					for range 20 {
						// One request per Write: a Write returns when the session has read it.
						if _, err := p.Write([]byte(`{"execute": "wait"}`)); err != nil {
							return
						}
						mu.Lock()
						taken++
						mu.Unlock()
					}
				}()
				synctest.Wait()
				mu.Lock()
				// The last one was read before the reader stopped.
				if got := taken - 1; got != tt.want {
					t.Errorf("%d requests waiting, want %d", got, tt.want)
				}
				mu.Unlock()
				for range 20 {
					g.leave <- struct{}{}
				}
				for range 20 {
					p.want(`{"return": {}}`)
				}
				p.leave()
			})
		})
	}
}

// TestRoundRobin checks that a session with many requests does not starve others.
func TestRoundRobin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(nil)
		set := m.commands()
		g := newGate(set)
		var order []string
		type who struct {
			Who string `json:"who"`
		}
		qmp.Register(set, "note", 0, func(_ *qmp.Call, a who) (none, error) {
			order = append(order, a.Who)
			return none{}, nil
		})
		m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
		a, b := negotiate(t, m.server, true), negotiate(t, m.server, true)
		note := func(who string, times int) string {
			return strings.Repeat(`{"execute": "note", "arguments": {"who": "`+who+`"}}`, times)
		}
		a.send(`{"execute": "wait"}` + note("a", 4))
		synctest.Wait()
		b.send(note("b", 3))
		synctest.Wait()
		g.leave <- struct{}{}
		for range 5 {
			a.want(`{"return": {}}`)
		}
		for range 3 {
			b.want(`{"return": {}}`)
		}
		if diff := cmp.Diff("a b a b a b a", strings.Join(order, " ")); diff != "" {
			t.Error(diff)
		}
		a.leave()
		b.leave()
	})
}

// TestSlowReader floods a client that does not read: the machine and the other
// client go on, and it is cut off with a word in the log.
func TestSlowReader(t *testing.T) {
	var log strings.Builder
	m := newMachine(func(c *qmp.Config) {
		c.Now = epoch
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	slow, fast := negotiate(t, m.server, false), negotiate(t, m.server, false)
	big := map[string]string{"text": strings.Repeat("x", 1<<20)}
	for i := range 18 {
		m.server.Emit("BIG", big)
		if !strings.HasPrefix(fast.line(), stamp+`"BIG"`) {
			t.Fatal("the client that reads missed an event")
		}
		if i == 15 && strings.Contains(log.String(), "cut off") {
			t.Fatal("cut off too early")
		}
	}
	if err := <-slow.done; err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("the slow client's session ended with %v", err)
	}
	if !strings.Contains(log.String(), "client cut off") {
		t.Errorf("log: %q", log.String())
	}
	fast.send(`{"execute": "query-name"}`)
	fast.want(`{"return": {}}`)
	fast.leave()
	slow.Close()
}

func TestPanic(t *testing.T) {
	var log strings.Builder
	m := newMachine(nil)
	set := m.commands()
	qmp.Register(set, "boom", 0, func(*qmp.Call, none) (none, error) { panic("ouch") })
	qmp.Register(set, "odd", 0, func(*qmp.Call, none) (any, error) { return make(chan int), nil })
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	p := negotiate(t, m.server, false)
	p.send(`{"execute": "odd"}`)
	p.want(`{"error": {"class": "GenericError", "desc": "internal error in command 'odd': its result has no JSON form"}}`)
	p.send(`{"execute": "boom", "id": 1} {"execute": "query-name"}`)
	p.want(`{"id": 1, "error": {"class": "GenericError", "desc": "internal error in command 'boom': ouch"}}`, `{"return": {}}`)
	p.leave()
	if !strings.Contains(log.String(), "TestPanic") {
		t.Errorf("no stack in the log: %s", log.String())
	}
}

func TestErrors(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	fail := map[string]error{
		"plain":   errors.New("it broke"),
		"class":   qmp.Errorf(qmp.DeviceNotFound, "Device '%s' not found", "x"),
		"wrapped": fmt.Errorf("doing: %w", qmp.Errorf(qmp.KVMMissingCap, "no KVM")),
		"empty":   errors.New(""),
	}
	type which struct {
		Which string `json:"which"`
	}
	qmp.Register(set, "fail", 0, func(_ *qmp.Call, a which) (none, error) { return none{}, fail[a.Which] })
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
	p := negotiate(t, m.server, false)
	for name, want := range map[string]string{
		"plain":   `"GenericError", "desc": "it broke"`,
		"class":   `"DeviceNotFound", "desc": "Device 'x' not found"`,
		"wrapped": `"KVMMissingCap", "desc": "no KVM"`,
		"empty":   `"GenericError", "desc": "unknown error"`,
	} {
		p.send(`{"execute": "fail", "arguments": {"which": "` + name + `"}}`)
		p.want(`{"error": {"class": ` + want + `}}`)
	}
	p.leave()
}

func TestAllowed(t *testing.T) {
	m := newMachine(func(c *qmp.Config) {
		c.Allowed = func(cmd *qmp.Command) error {
			if cmd.Flags&qmp.AllowPreconfig != 0 {
				return nil
			}
			return fmt.Errorf("The command '%s' is permitted only after machine initialization has completed", cmd.Name)
		}
	})
	p := negotiate(t, m.server, false)
	p.send(`{"execute": "query-status"} {"execute": "qom-list"}`)
	p.want(`{"return": {"status": "running", "running": true}}`,
		`{"error": {"class": "GenericError", "desc": "The command 'qom-list' is permitted only after machine initialization has completed"}}`)
	p.leave()
}

// TestThrottle follows RTC_CHANGE, which guests can trigger at will.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(nil)
		p := negotiate(t, m.server, false)
		got := make(chan string, 100)
		go func() {
			for p.lines.Scan() {
				var e struct {
					Data      struct{ Offset int }
					Timestamp struct{ Seconds, Microseconds int64 }
				}
				if err := json.Unmarshal(p.lines.Bytes(), &e); err != nil {
					t.Error(err)
				}
				at := time.Unix(e.Timestamp.Seconds, e.Timestamp.Microseconds*1000)
				got <- fmt.Sprintf("%d made %s", e.Data.Offset, at.UTC().Format("05.0"))
			}
		}()
		expect := func(want ...string) {
			t.Helper()
			synctest.Wait()
			var list []string
			for len(got) > 0 {
				list = append(list, <-got)
			}
			if diff := cmp.Diff(want, list); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		emit := func(offset int) { m.server.Emit("RTC_CHANGE", map[string]int{"offset": offset}) }
		emit(1)
		emit(2)
		time.Sleep(500 * time.Millisecond)
		emit(3)
		expect("1 made 00.0")
		time.Sleep(600 * time.Millisecond) // 1.1 s
		expect("3 made 00.5")
		emit(4)
		expect()
		time.Sleep(time.Second) // 2.1 s
		expect("4 made 01.1")
		time.Sleep(5 * time.Second)
		emit(5)
		expect("5 made 07.1")
		// Sources are told apart.
		m.server.Emit("VSERPORT_CHANGE", map[string]any{"id": "a", "open": true, "offset": 10})
		m.server.Emit("VSERPORT_CHANGE", map[string]any{"id": "b", "open": true, "offset": 11})
		expect("10 made 07.1", "11 made 07.1")
		shutdown(t, m.server)
		p.Close()
		<-p.done
	})
}

func TestPretty(t *testing.T) {
	m := newMachine(nil)
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- m.server.ServeConn(context.Background(), server, qmp.Monitor{Pretty: true}) }()
	go client.Write([]byte(`{"execute": "qmp_capabilities", "id": {"a": [], "b": {}, "c": [1, [2]], "d": "é"}}`))
	want := "{\r\n    \"QMP\": {\r\n        \"version\": {\r\n            \"qemu\": {\r\n                \"micro\": 3,\r\n" +
		"                \"minor\": 1,\r\n                \"major\": 11\r\n            },\r\n            \"package\": \"test\"\r\n" +
		"        },\r\n        \"capabilities\": [\r\n            \"oob\"\r\n        ]\r\n    }\r\n}\r\n" +
		"{\r\n    \"return\": {\r\n    },\r\n    \"id\": {\r\n        \"d\": \"\\u00E9\",\r\n        \"a\": [\r\n        ],\r\n" +
		"        \"b\": {\r\n        },\r\n        \"c\": [\r\n            1,\r\n            [\r\n                2\r\n            ]\r\n" +
		"        ]\r\n    }\r\n}\r\n"
	got := make([]byte, len(want))
	for n := 0; n < len(got); {
		k, err := client.Read(got[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	client.Close()
	<-done
}

func TestSessionValues(t *testing.T) {
	m := newMachine(nil)
	set := m.commands()
	type key struct{}
	qmp.Register(set, "count", 0, func(c *qmp.Call, _ none) (int, error) {
		n, _ := c.Session.Value(key{}).(int)
		c.Session.SetValue(key{}, n+1)
		return n + 1, nil
	})
	m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
	a, b := negotiate(t, m.server, false), negotiate(t, m.server, false)
	for i := 1; i <= 3; i++ {
		a.send(`{"execute": "count"}`)
		a.want(fmt.Sprintf(`{"return": %d}`, i))
	}
	b.send(`{"execute": "count"}`)
	b.want(`{"return": 1}`)
	a.leave()
	b.leave()
}

func TestRawResults(t *testing.T) {
	set := qmp.NewCommandSet()
	results := map[string]any{"nil": nil, "null": qjson.Raw("null"), "text": "x"}
	qmp.RegisterRaw(set, "raw", 0, func(_ *qmp.Call, args *qjson.Object) (any, error) {
		which, _ := args.Get("which")
		return results[which.(string)], nil
	})
	p := negotiate(t, qmp.NewServer(qmp.Config{Commands: set}), false)
	for which, want := range map[string]string{"nil": `{}`, "null": `null`, "text": `"x"`} {
		p.send(`{"execute": "raw", "arguments": {"which": "` + which + `"}}`)
		p.want(`{"return": ` + want + `}`)
	}
	p.leave()
}
