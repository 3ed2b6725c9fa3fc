package qmp_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// modelPeer is a client and what it must see.
type modelPeer struct {
	*peer
	oob     bool
	seen    []string // names of events
	since   int      // number of events emitted before it came
	waiting int      // answers to come
	inBand  []string // ids of the in-band requests not answered yet
}

// take reads until every request is answered and every event has come.
func (p *modelPeer) take(t *rapid.T, emitted []string) {
	for p.waiting > 0 || len(p.seen) < len(emitted)-p.since {
		var m struct {
			Event string `json:"event"`
			ID    string `json:"id"`
			Error *struct {
				Desc string `json:"desc"`
			} `json:"error"`
		}
		if err := json.Unmarshal([]byte(p.line()), &m); err != nil {
			t.Fatal(err)
		}
		if m.Event != "" {
			p.seen = append(p.seen, m.Event)
			continue
		}
		p.waiting--
		if m.Error != nil && strings.Contains(m.Error.Desc, "JSON parse error") {
			m.ID = "broken"
		}
		if strings.HasPrefix(m.ID, "oob") {
			continue // may overtake
		}
		if len(p.inBand) == 0 || p.inBand[0] != m.ID {
			t.Fatalf("answer to %q, want the one to %q", m.ID, p.inBand)
		}
		p.inBand = p.inBand[1:]
	}
	if diff := cmp.Diff(emitted[p.since:], p.seen, cmp.Transformer("", func(s []string) string { return fmt.Sprint(s) })); diff != "" {
		t.Fatalf("events (-emitted +seen):\n%s", diff)
	}
}

// TestModel lets clients come and go, send batches of all kinds of requests, and
// the machine emit events. In-band answers keep their order, and every client sees
// every event of its time, in order.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(nil)
		var peers []*modelPeer
		var emitted []string
		ids := 0
		pick := func(t *rapid.T) *modelPeer {
			if len(peers) == 0 {
				t.Skip("nobody is there")
			}
			return rapid.SampledFrom(peers).Draw(t, "client")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"connect": func(rt *rapid.T) {
				if len(peers) == 4 {
					rt.Skip("enough")
				}
				oob := rapid.Bool().Draw(rt, "oob")
				peers = append(peers, &modelPeer{peer: negotiate(t, m.server, oob), oob: oob, since: len(emitted)})
			},
			"leave": func(rt *rapid.T) {
				p := pick(rt)
				peers = slices.DeleteFunc(peers, func(q *modelPeer) bool { return q == p })
				p.leave()
			},
			"send": func(rt *rapid.T) {
				p := pick(rt)
				var text strings.Builder
				for range rapid.IntRange(1, 25).Draw(rt, "requests") {
					ids++
					id := fmt.Sprint("r", ids)
					kinds := 3
					if p.oob {
						kinds = 4
					}
					switch rapid.IntRange(0, kinds).Draw(rt, "kind") {
					case 0, 1:
						fmt.Fprintf(&text, `{"execute": "query-name", "id": "%s"}`, id)
					case 2:
						fmt.Fprintf(&text, `{"execute": "nope", "id": "%s"}`, id)
					case 3:
						text.WriteString("@\n")
						id = "broken"
					case 4:
						id = fmt.Sprint("oob", ids)
						fmt.Fprintf(&text, `{"exec-oob": "query-yank", "id": "%s"}`, id)
					}
					if !strings.HasPrefix(id, "oob") {
						p.inBand = append(p.inBand, id)
					}
					p.waiting++
				}
				sent := make(chan error, 1)
				go func() {
					_, err := p.Write([]byte(text.String()))
					sent <- err
				}()
				p.take(rt, emitted)
				if err := <-sent; err != nil {
					rt.Fatal(err)
				}
			},
			"emit": func(rt *rapid.T) {
				for range rapid.IntRange(1, 10).Draw(rt, "events") {
					name := fmt.Sprint("E", len(emitted))
					emitted = append(emitted, name)
					m.server.Emit(name, nil)
				}
			},
			"": func(rt *rapid.T) {
				if got := m.server.Sessions(); got != len(peers) {
					rt.Fatalf("%d sessions, want %d", got, len(peers))
				}
			},
		})
		for _, p := range peers {
			p.take(rt, emitted)
			p.leave()
		}
		ctx := t.Context()
		if err := m.server.Shutdown(ctx); err != nil {
			rt.Fatal(err)
		}
	})
}
