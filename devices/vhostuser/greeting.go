package vhostuser

import (
	"context"
	"net"
	"time"

	"github.com/qomd/qomd/devices/chardev"
)

// patience is how long a back end may take to answer.
const patience = 30 * time.Second

// Greeting is a handshake under way.
type Greeting struct {
	c    *chardev.Chardev
	fe   chardev.Frontend
	said *Backend
	done chan struct{} // closed when said is final
}

// Begin starts a handshake through a character device that nobody uses. It
// returns nil when nobody is connected to it, or it has a user.
func Begin(c *chardev.Chardev) *Greeting {
	if s, ok := c.Backend().(*chardev.Socket); !ok || !s.Connected() || c.Busy() {
		return nil
	}
	g := &Greeting{c: c, done: make(chan struct{})}
	met := false
	g.fe = chardev.Frontend{Who: "vhost-user handshake", Stream: func(ctx context.Context, conn net.Conn) {
		if !met { // a back end that connects again does not count
			met = true
			g.said = greet(ctx, conn)
			close(g.done)
		}
		<-ctx.Done() // or the connection would end
	}}
	if err := c.Connect(&g.fe); err != nil {
		return nil
	}
	return g
}

// Wait waits until the back end has answered or gone, ctx is done, or it takes
// too long.
func (g *Greeting) Wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-g.done:
	case <-ctx.Done():
	}
}

// End gives the character device back. What its back end said is there until
// forget is called.
func (g *Greeting) End() (forget func()) {
	g.fe.Disconnect()
	select {
	case <-g.done:
		g.c.Store(key, g.said)
	default: // too late
	}
	return func() { g.c.Store(key, nil) }
}
