package qmp

import (
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// throttleTime is the least time between two throttled events of one kind.
const throttleTime = time.Second

// throttledEvents are the events QEMU limits, each with the member of its data
// that tells sources apart ("" if there is only one source).
var throttledEvents = map[string]string{
	"BALLOON_CHANGE":            "",
	"BLOCK_IO_ERROR":            "qom-path",
	"HV_BALLOON_STATUS_REPORT":  "",
	"MEMORY_DEVICE_SIZE_CHANGE": "qom-path",
	"QUORUM_FAILURE":            "",
	"QUORUM_REPORT_BAD":         "node-name",
	"RTC_CHANGE":                "",
	"VSERPORT_CHANGE":           "id",
	"WATCHDOG":                  "",
}

// throttleKey names one limited source of events.
type throttleKey struct{ event, source string }

// throttle is the state of a source that sent something within the last second.
type throttle struct {
	latest *event // to be sent when the second is over; nil if nothing came
	stop   func() bool
}

// throttled reports whether e has to wait. The first event of a source passes and
// starts its second; of those that come within it the last is sent at its end,
// with its own timestamp. Precondition: s.mu is held.
func (s *Server) throttled(e *event) bool {
	member, limited := throttledEvents[e.Event]
	if !limited {
		return false
	}
	key := throttleKey{event: e.Event}
	e.rawData()
	if member != "" {
		if raw, ok := e.Data.(qjson.Raw); ok {
			if v, err := qjson.Parse(raw); err == nil {
				if o, ok := v.(*qjson.Object); ok {
					source, _ := o.Get(member)
					key.source, _ = source.(string)
				}
			}
		}
	}
	if t := s.throttles[key]; t != nil {
		t.latest = e
		return true
	}
	t := &throttle{}
	s.throttles[key] = t
	t.stop = s.cfg.AfterFunc(throttleTime, func() { s.release(key, t) })
	return false
}

// release ends the second of a source.
func (s *Server) release(key throttleKey, t *throttle) {
	s.cfg.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.throttles[key] != t { // stopped by Shutdown
			return
		}
		if t.latest == nil {
			delete(s.throttles, key)
			return
		}
		s.broadcast(t.latest)
		t.latest = nil
		t.stop = s.cfg.AfterFunc(throttleTime, func() { s.release(key, t) })
	})
}
