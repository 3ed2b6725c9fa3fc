package qmp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/qomd/qomd/qmp"
)

// TestAside: while a command waits for something outside, other sessions are
// served, its own are kept in line, and its answer comes in order; whether or not
// out-of-band execution is on.
func TestAside(t *testing.T) {
	for _, oob := range []bool{false, true} {
		m := &machine{running: true}
		set := m.commands()
		begun, end := make(chan bool), make(chan error)
		type which struct {
			Panic bool `json:"panic"`
		}
		qmp.Register(set, "wait", 0, func(c *qmp.Call, a which) (string, error) {
			var err error
			return qmp.Aside(c, func(ctx context.Context) {
				begun <- true
				select {
				case err = <-end:
				case <-ctx.Done():
				}
			}, func() (string, error) {
				if a.Panic {
					panic("it broke")
				}
				return "done", err
			})
		})
		m.server = qmp.NewServer(qmp.Config{Commands: set, Do: m.do})
		first, second := negotiate(t, m.server, oob), negotiate(t, m.server, false)
		const status = `{"return": {"status": "running", "running": true}}`
		for _, c := range []struct {
			args, want string
			err        error
		}{
			{`{}`, `{"return": "done"}`, nil},
			{`{}`, `{"error": {"class": "GenericError", "desc": "refused"}}`, errors.New("refused")},
			{`{"panic": true}`, `{"error": {"class": "GenericError", "desc": "internal error in command 'wait': it broke"}}`, nil},
		} {
			first.send(`{"execute": "wait", "arguments": ` + c.args + `} {"execute": "query-status"}`)
			<-begun
			second.send(`{"execute": "query-status"}`)
			second.want(status)
			end <- c.err
			first.want(c.want, status)
		}
		// One that another command runs does not step aside.
		go func() { <-begun; end <- nil }()
		if v, err := set.Call(nil, "wait", nil); v != "done" || err != nil {
			t.Errorf("a nested call: %v, %v", v, err)
		}
		// A client that leaves does not keep the server.
		first.send(`{"execute": "wait"}`)
		<-begun
		second.leave()
		go func() { end <- nil }()
		first.leave()
	}
}
