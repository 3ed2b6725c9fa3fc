package client

import (
	"bytes"
	"encoding/json"
	"log/slog"
)

// read takes messages from the connection until it ends.
func (c *Client) read() {
	defer close(c.done)
	for {
		m, err := c.receive()
		if err != nil {
			c.end(err)
			return
		}
		switch {
		case m.Event != "":
			c.publish(m)
		case m.ID != nil:
			c.answer(m)
		default:
			// The server could not make out a request. Ours are well formed.
			c.cfg.Logger.Warn("message without id", slog.String("text", string(m.text)))
		}
	}
}

// receive reads the next message that is JSON. Messages end with their line, or,
// from a server in pretty mode, with a line that closes what the first opened.
func (c *Client) receive() (message, error) {
	var text []byte
	for {
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return message{}, err
		}
		text = append(text, line...)
		if bytes.HasPrefix(text, []byte("{\r\n")) && !bytes.HasPrefix(line, []byte("}")) {
			continue
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			// QEMU writes infinite numbers as "inf".
			c.cfg.Logger.Warn("message is not JSON", slog.Any("error", err))
			text = nil
			continue
		}
		m.text = bytes.TrimSpace(text)
		return m, nil
	}
}

// answer hands a reply to whoever waits for it, if anybody still does.
func (c *Client) answer(m message) {
	id, _ := m.ID.(string)
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer := c.pending[id]; answer != nil {
		answer <- m // has room: there is one reply per id
		delete(c.pending, id)
	}
}

// end tells everybody that nothing more will come.
func (c *Client) end(err error) {
	c.cfg.Logger.Debug("connection ended", slog.Any("error", err))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = ErrClosed
	for id, answer := range c.pending {
		close(answer)
		delete(c.pending, id)
	}
	for s := range c.events {
		delete(c.events, s)
		close(s.c)
	}
}
