package client

import (
	"context"
	"encoding/json"
	"log/slog"

	goqemu "github.com/digitalocean/go-qemu/qmp"
)

// EventsDropped is the name of the event that stands in a channel of Events where
// others are missing, because their reader was too slow. Its data has "count".
const EventsDropped = "X_CLIENT_EVENTS_DROPPED"

// subscription is one channel of events.
type subscription struct {
	c       chan goqemu.Event
	dropped int // since the last event that went in
}

// Events returns a channel of all events from now on. It is closed when ctx is done
// or the connection ends. A reader that falls behind by Config.EventBuffer events
// misses some; an event named EventsDropped then tells how many, in their place.
func (c *Client) Events(ctx context.Context) (<-chan goqemu.Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault != nil {
		return nil, c.fault
	}
	s := &subscription{c: make(chan goqemu.Event, c.cfg.EventBuffer)}
	c.events[s] = struct{}{}
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, open := c.events[s]; open {
			delete(c.events, s)
			close(s.c)
		}
	})
	return s.c, nil
}

// publish puts an event into every channel with room.
func (c *Client) publish(m message) {
	var e goqemu.Event
	if err := json.Unmarshal(m.text, &e); err != nil {
		c.cfg.Logger.Warn("odd event", slog.Any("error", err))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.events {
		room := cap(s.c) - len(s.c)
		if s.dropped > 0 && room >= 2 || s.dropped > 0 && cap(s.c) < 2 && room == 1 {
			gap := goqemu.Event{Event: EventsDropped, Data: map[string]any{"count": s.dropped}}
			gap.Timestamp = e.Timestamp
			s.c <- gap
			s.dropped = 0
			room--
		}
		if room == 0 || s.dropped > 0 {
			s.dropped++
			continue
		}
		s.c <- e
	}
}
