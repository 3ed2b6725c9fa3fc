package qmptest

import "encoding/json"

// Event is an event as a client sees it.
type Event struct {
	Name string          `json:"event"`
	Data json.RawMessage `json:"data"`
}

// Member returns a member of the event's data that is a string, empty when
// there is none.
func (e Event) Member(name string) string {
	var data map[string]any
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	s, _ := data[name].(string)
	return s
}

// String returns the name, and the data if there are some.
func (e Event) String() string {
	if len(e.Data) == 0 {
		return e.Name
	}
	return e.Name + " " + string(e.Data)
}

// Event returns the next event, one that was kept or else the first to come.
func (c *Client) Event() Event {
	c.t.Helper()
	if len(c.events) > 0 {
		e := c.events[0]
		c.events = c.events[1:]
		return e
	}
	msg, err := c.receive()
	switch {
	case err != nil:
		c.t.Fatalf("waiting for an event: %v", err)
	case msg.Name == "":
		c.t.Fatal("waiting for an event: an answer came that nobody asked for")
	}
	return msg.Event
}

// Await returns the next event of a name; those before it are dropped.
func (c *Client) Await(name string) Event {
	c.t.Helper()
	for {
		if e := c.Event(); e.Name == name {
			return e
		}
	}
}

// Events returns the events that have come by now. It asks the machine a
// question, so that everything it sent before the answer is in.
func (c *Client) Events() []Event {
	c.t.Helper()
	c.Must("query-status", nil)
	list := c.events
	c.events = nil
	return list
}
