package chardev

import (
	"context"
	"fmt"
	"net"
)

// maxMux is how many front ends a multiplexer takes, or how many devices a hub.
const maxMux = 4

// Mux is the backend "mux": it lets several front ends share a device. All
// write to it; one of them, the focused one, gets what comes. Ctrl-A and a letter
// is a command to the multiplexer, see [Terminal].
type Mux struct {
	base  *Frontend // on the shared device
	dev   *Chardev
	conns []*pipeConn // of the front ends, by port
	focus int
	asked bool // the last byte was the escape

	stamps stamps // have a lock of their own
}

func (s *Set) openMux(id string) (Backend, error) {
	base := s.Find(id)
	if base == nil {
		return nil, fmt.Errorf("mux: base chardev %s not found", id)
	}
	m := &Mux{base: &Frontend{Who: "mux"}}
	if err := base.Connect(m.base); err != nil {
		return nil, err
	}
	return m, nil
}

// TypeName returns the QOM type.
func (m *Mux) TypeName() string { return "chardev-mux" }

// Filename describes the backend.
func (m *Mux) Filename() string { return "mux" }

// start begins to take what the shared device gives.
func (m *Mux) start(dev *Chardev) {
	m.dev = dev
	m.base.Writable = m.writable
	m.base.Space = m.space
	m.base.Receive = m.receive
	m.base.Ready()
}

// connect adds a front end, which gets the focus.
func (m *Mux) connect(f *Frontend) error {
	free := -1
	for i, p := range m.dev.ports {
		if p.fe == nil {
			free = i
			break
		}
	}
	if free < 0 {
		if len(m.dev.ports) == maxMux {
			return fmt.Errorf("too many uses of multiplexed chardev '%s' (maximum is %d)", m.dev.Label(), maxMux)
		}
		free = len(m.dev.ports)
		conn := newPipeConn(func(p []byte) { toBase{m}.Write(p) })
		m.conns = append(m.conns, conn)
		p := newPort(m.dev)
		p.sink = toBase{m} // at once, so that front ends keep their order
		m.dev.ports = append(m.dev.ports, p)
		p.run(oneConn{conn})
	}
	m.focus = free
	m.dev.ports[free].attach(f)
	m.base.open = true
	return nil
}

// space is what the front end with the focus takes.
func (m *Mux) space() int {
	if m.focus < len(m.conns) {
		return m.conns[m.focus].space()
	}
	return 0
}

// receive hands bytes to the front end with the focus.
func (m *Mux) receive(p []byte) {
	pass := make([]byte, 0, len(p))
	for _, b := range p {
		escape := int(b) == m.escape()
		switch {
		case !m.asked && escape:
			m.asked = true
			continue
		case m.asked && !escape:
			m.conns[m.focus].feed(pass)
			pass = pass[:0]
			m.command(b)
		default:
			pass = append(pass, b)
		}
		m.asked = false
	}
	m.conns[m.focus].feed(pass)
}

// toBase is where the front ends of a multiplexer write to.
type toBase struct{ *Mux }

func (t toBase) Write(p []byte) (int, error) {
	stamped, changed := t.stamps.apply(p)
	n, err := t.base.Write(stamped)
	if changed { // how much of p that was cannot be told
		return len(p), nil
	}
	return n, err
}

// writable tells all front ends that there is room.
func (m *Mux) writable() {
	for _, p := range m.dev.ports {
		p.writable()
	}
}

// next moves the focus to the next front end.
func (m *Mux) next() {
	for range m.conns {
		m.focus = (m.focus + 1) % len(m.conns)
		if m.dev.ports[m.focus].fe != nil {
			return
		}
	}
}

// Close gives the shared device back.
func (m *Mux) Close() error {
	for _, c := range m.conns {
		c.Close()
	}
	m.base.Disconnect()
	return nil
}

// oneConn is a backend of a single connection that is there already.
type oneConn struct{ conn *pipeConn }

func (o oneConn) TypeName() string { return "chardev-mux" }
func (o oneConn) Filename() string { return "mux" }
func (o oneConn) Close() error     { return o.conn.Close() }

func (o oneConn) Serve(ctx context.Context, handle func(context.Context, net.Conn)) {
	handle(ctx, o.conn)
}

// Hub is the backend "hub": one front end on several devices. It writes to all
// of them and gets what any of them gives.
type Hub struct {
	bases []*Frontend
	conn  *pipeConn
}

func (s *Set) openHub(ids []string) (Backend, error) {
	if len(ids) == 0 {
		return nil, fmt.Errorf("hub: 'chardevs' list is not defined")
	}
	h := &Hub{}
	h.conn = newPipeConn(func(p []byte) { h.Write(p) })
	for _, id := range ids {
		base := s.Find(id)
		if base == nil {
			h.Close()
			return nil, fmt.Errorf("hub: chardev can't be found by id '%s'", id)
		}
		if shared(base.backend) {
			h.Close()
			return nil, fmt.Errorf("hub: multiplexers and hubs can't be stacked, check chardev '%s'", id)
		}
		if len(h.bases) == maxMux {
			h.Close()
			return nil, fmt.Errorf("hub: too many uses of chardevs (maximum is %d)", maxMux)
		}
		f := &Frontend{Who: "hub", Space: h.conn.space, Receive: h.conn.feed, open: true}
		if err := base.Connect(f); err != nil {
			h.Close()
			return nil, err
		}
		h.bases = append(h.bases, f)
	}
	return h, nil
}

// TypeName returns the QOM type.
func (h *Hub) TypeName() string { return "chardev-hub" }

// Filename describes the backend.
func (h *Hub) Filename() string { return "hub" }

// Write sends to all devices; one that is behind misses something.
func (h *Hub) Write(p []byte) (int, error) {
	for _, b := range h.bases {
		b.Write(p)
	}
	return len(p), nil
}

// Serve implements [Line].
func (h *Hub) Serve(ctx context.Context, handle func(context.Context, net.Conn)) {
	handle(ctx, h.conn)
}

// Close gives the devices back.
func (h *Hub) Close() error {
	h.conn.Close()
	for _, b := range h.bases {
		b.Disconnect()
	}
	return nil
}
