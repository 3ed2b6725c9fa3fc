package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	goqemu "github.com/digitalocean/go-qemu/qmp"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type none = struct{}

// commands are a few to call; "wait" returns when leave is closed.
func commands(leave <-chan struct{}) *qmp.CommandSet {
	set := qmp.NewCommandSet()
	qmp.Register(set, "query-status", qmp.AllowOOB, func(*qmp.Call, none) (map[string]any, error) {
		return map[string]any{"running": true, "status": "running"}, nil
	})
	qmp.Register(set, "fail", 0, func(*qmp.Call, none) (none, error) {
		return none{}, qmp.Errorf(qmp.DeviceNotFound, "Device 'x' not found")
	})
	qmp.Register(set, "wait", 0, func(*qmp.Call, none) (none, error) { <-leave; return none{}, nil })
	type size struct {
		Size int `json:"size"`
	}
	qmp.Register(set, "big", 0, func(_ *qmp.Call, a size) (string, error) { return strings.Repeat("x", a.Size), nil })
	return set
}

// connect starts a server on a pipe and a client of it.
func connect(t *testing.T, m qmp.Monitor, leave <-chan struct{}, cfg client.Config) (*client.Client, *qmp.Server) {
	t.Helper()
	s := qmp.NewServer(qmp.Config{Commands: commands(leave), Version: qmp.Version{Major: 11, Minor: 1, Micro: 3}})
	theirs, ours := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.ServeConn(context.Background(), theirs, m) }()
	c := client.New(ours, cfg)
	t.Cleanup(func() {
		c.Disconnect()
		<-done
	})
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	return c, s
}

func TestExecute(t *testing.T) {
	for _, pretty := range []bool{false, true} {
		t.Run(fmt.Sprint("pretty=", pretty), func(t *testing.T) {
			c, _ := connect(t, qmp.Monitor{Pretty: pretty}, nil, client.Config{})
			var status struct {
				Running bool
				Status  string
			}
			if err := c.Execute(t.Context(), "query-status", nil, &status); err != nil || status.Status != "running" {
				t.Errorf("%+v, %v", status, err)
			}
			err := c.Execute(t.Context(), "fail", nil, nil)
			if !errors.Is(err, &qmp.Error{Class: qmp.DeviceNotFound}) || err.Error() != "Device 'x' not found" {
				t.Errorf("fail: %v", err)
			}
			var text string
			if err := c.Execute(t.Context(), "big", map[string]int{"size": 1 << 20}, &text); err != nil || len(text) != 1<<20 {
				t.Errorf("%d bytes, %v", len(text), err)
			}
			if v := c.Version(); v.String() != "11.1.3" {
				t.Errorf("version %s", v)
			}
			if diff := cmp.Diff([]string{"oob"}, c.Capabilities()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRun(t *testing.T) {
	c, _ := connect(t, qmp.Monitor{}, nil, client.Config{})
	var monitor goqemu.Monitor = c
	out, err := monitor.Run([]byte(`{"execute": "query-status", "id": 7}`))
	if err != nil || !strings.HasPrefix(string(out), `{"return": {"status": "running", "running": true}, "id": "`) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := monitor.Run([]byte(`{"execute": "nope"}`)); err == nil || err.Error() != "The command nope has not been found" {
		t.Errorf("nope: %v", err)
	}
	for _, bad := range []string{"", "[]", "{"} {
		if _, err := monitor.Run([]byte(bad)); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}

func TestOOBAndContext(t *testing.T) {
	leave := make(chan struct{})
	c, _ := connect(t, qmp.Monitor{}, leave, client.Config{OOB: true})
	waiting := make(chan error, 1)
	go func() { waiting <- c.Execute(context.Background(), "wait", nil, nil) }()
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	go func() { gaveUp <- c.Execute(ctx, "wait", nil, nil) }()
	if err := c.ExecuteOOB(t.Context(), "query-status", nil, nil); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("gave up with %v", err)
	}
	close(leave)
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	if err := c.Execute(t.Context(), "query-status", nil, nil); err != nil {
		t.Errorf("after a late reply: %v", err)
	}
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := connect(t, qmp.Monitor{}, nil, client.Config{EventBuffer: 3})
		ctx, cancel := context.WithCancel(t.Context())
		events, err := c.Events(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			s.Emit(fmt.Sprint("E", i), map[string]int{"n": i})
		}
		synctest.Wait()
		var got []string
		take := func(n int) {
			for range n {
				e := <-events
				if e.Event == client.EventsDropped {
					got = append(got, fmt.Sprint("missing ", e.Data["count"]))
				} else {
					got = append(got, e.Event)
				}
			}
		}
		take(3)
		s.Emit("E5", nil)
		synctest.Wait()
		take(2)
		if diff := cmp.Diff([]string{"E0", "E1", "E2", "missing 2", "E5"}, got); diff != "" {
			t.Error(diff)
		}
		// Nobody reads, yet commands run.
		for range 10 {
			s.Emit("MORE", nil)
		}
		if err := c.Execute(t.Context(), "query-status", nil, nil); err != nil {
			t.Error(err)
		}
		cancel()
		synctest.Wait()
		for range events {
		}
	})
}

func TestEnd(t *testing.T) {
	leave := make(chan struct{})
	c, s := connect(t, qmp.Monitor{}, leave, client.Config{})
	events, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if _, open := <-events; open {
		t.Error("an event after the end")
	}
	if err := c.Execute(t.Context(), "query-status", nil, nil); !errors.Is(err, client.ErrClosed) {
		t.Errorf("Execute: %v", err)
	}
	if _, err := c.Events(t.Context()); !errors.Is(err, client.ErrClosed) {
		t.Errorf("Events: %v", err)
	}
}

func TestNoGreeting(t *testing.T) {
	ours, theirs := net.Pipe()
	go func() {
		theirs.Write([]byte("{\"return\": {}}\r\n"))
		theirs.Close()
	}()
	c := client.New(ours, client.Config{})
	if err := c.Connect(); err == nil || !strings.Contains(err.Error(), "not a greeting") {
		t.Errorf("Connect: %v", err)
	}
	c.Disconnect()
}
