package qmp

import (
	"github.com/qomd/qomd/qmp/qjson"
)

// timestamp is the time of an event; the fields stand in QEMU's order.
type timestamp struct {
	Seconds      int64 `json:"seconds"`
	Microseconds int64 `json:"microseconds"`
}

type event struct {
	Timestamp timestamp `json:"timestamp"`
	Event     string    `json:"event"`
	Data      any       `json:"data,omitempty"`
}

// Emit sends an event to every client that has finished negotiation. data is any
// value [qjson.Append] takes, nil for an event without data; it is encoded before
// Emit returns. Emit never blocks on a client. All clients see all events of a
// server in one order, that of the calls.
//
// Events that guests can trigger at will are limited to one per second, the
// latest wins, exactly those that QEMU limits.
func (s *Server) Emit(name string, data any) {
	if s.cfg.Schema != nil && s.cfg.Policy != nil {
		under := s.cfg.under()
		if under.HidesEvent(name) {
			return
		}
		var err error
		if data, err = under.Event(name, data); err != nil {
			s.log.Error("event does not fit the schema", "event", name, "error", err)
			return
		}
	}
	now := s.cfg.Now()
	e := event{timestamp{now.Unix(), int64(now.Nanosecond() / 1000)}, name, data}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.throttled(&e) {
		return
	}
	s.broadcast(&e)
}

// broadcast queues an event for every client. Precondition: s.mu is held, which
// makes the order of events the same for all.
func (s *Server) broadcast(e *event) {
	var texts [2][]byte // plain and pretty, made when first needed
	for sess := range s.sessions {
		if !sess.ready {
			continue
		}
		i := 0
		if sess.pretty.Load() {
			i = 1
		}
		if texts[i] == nil {
			texts[i] = encode(nil, e, i == 1)
		}
		sess.sendText(texts[i], nil)
	}
}

// rawData fixes the data of an event that is sent later.
func (e *event) rawData() {
	if e.Data != nil {
		e.Data = qjson.Raw(qjson.Append(nil, e.Data, false))
	}
}
