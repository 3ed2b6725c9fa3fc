package net

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Client is one network backend; it corresponds to the NetClientState of a
// netdev.
type Client struct {
	stack   *Stack
	id      string
	typ     string // "user", "hubport", …
	backend backend
	order   position

	card     *qom.Object // that names it; nil: none
	peer     *Client     // a port of a hub, or the netdev of one; nil: none
	linkDown bool
	deleted  bool // netdev_del came while a card used it

	inOptions bool // made by AddOptions
}

// backend is what is behind a client.
type backend interface {
	// info is the text of "info network" after the type.
	info() string
	// send takes a frame from the machine. It does not block; what is too much
	// is lost, as on a real network.
	send(frame []byte)
	// close ends it without waiting.
	close()
}

// ID is the name the user gave.
func (c *Client) ID() string { return c.id }

// Type is QEMU's name of the kind: "user", "stream" …
func (c *Client) Type() string { return c.typ }

// Info describes the state of the backend, as "info network" does.
func (c *Client) Info() string { return c.backend.info() }

// Name implements [qdev.Backend].
func (c *Client) Name() string { return c.id }

// Attach implements [qdev.Backend]: o, a card, is connected. A client serves
// one card, or one port of a hub.
func (c *Client) Attach(o *qom.Object, _ string) error {
	if c.card != nil || c.peer != nil {
		return qdev.ErrInUse
	}
	c.card = o
	return nil
}

// Detach implements [qdev.Backend]: the card is gone, and so is a client that
// was only kept for it.
func (c *Client) Detach(*qom.Object, string) {
	c.card = nil
	if c.deleted {
		c.stack.free(c)
	}
}

// receive takes a frame from the host and passes it on. The machine's lock is
// held.
func (c *Client) receive(frame []byte) {
	switch {
	case c.linkDown:
	case c.card != nil:
		c.stack.toCard(c.card, frame)
	case c.peer != nil:
		c.peer.transmit(frame)
	}
}

// transmit takes a frame from the machine.
func (c *Client) transmit(frame []byte) {
	if !c.linkDown {
		c.backend.send(frame)
	}
}

// hubPort is the backend of a port: what it is sent goes to the other ports.
type hubPort struct {
	hub    *hub
	client *Client
}

// hub joins ports.
type hub struct {
	id    int64
	ports []*Client // newest first
	busy  bool      // passing a frame on
}

func (p *hubPort) info() string { return "" }

func (p *hubPort) send(frame []byte) {
	if p.hub.busy {
		return // a cable leads from the hub to itself
	}
	p.hub.busy = true
	defer func() { p.hub.busy = false }()
	for _, other := range p.hub.ports {
		if other != p.client {
			other.receive(frame)
		}
	}
}

func (p *hubPort) close() {
	for i, c := range p.hub.ports {
		if c == p.client {
			p.hub.ports = append(p.hub.ports[:i:i], p.hub.ports[i+1:]...)
			return
		}
	}
}

// openHubPort adds a port to a hub, and plugs another netdev into it if one is
// named.
func (s *Stack) openHubPort(c *Client, o options) (backend, error) {
	number := o.integer("hubid")
	var peer *Client
	if o.has("netdev") {
		if peer = s.find(o.text("netdev")); peer == nil {
			return nil, fmt.Errorf("netdev '%s' not found", o.text("netdev"))
		}
		if peer.card != nil || peer.peer != nil {
			// QEMU fails an assertion here.
			return nil, errors.New("netdev '" + peer.id + "' is in use")
		}
	}
	h := s.hub(number)
	p := &hubPort{h, c}
	h.ports = append([]*Client{c}, h.ports...)
	if peer != nil {
		c.peer, peer.peer = peer, c
	}
	return p, nil
}

func (s *Stack) hub(id int64) *hub {
	for _, h := range s.hubs {
		if h.id == id {
			return h
		}
	}
	h := &hub{id: id}
	s.hubs = append([]*hub{h}, s.hubs...)
	return h
}
