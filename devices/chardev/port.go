package chardev

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"

	"github.com/qomd/qomd/devices/guard"
)

// Line is a backend with connections.
type Line interface {
	Backend
	// Serve gives each connection to handle, one at a time, until the backend
	// is closed, ctx is done, or no more connections come. It closes them.
	Serve(ctx context.Context, handle func(context.Context, net.Conn))
}

// maxQueued is how many bytes may wait for a client that does not read.
const maxQueued = 64 << 10

// port joins one front end, or none, to the connections of a backend.
type port struct {
	dev    *Chardev
	set    *Set
	log    *logFile
	sink   Sink // of a backend without connections
	cancel context.CancelFunc

	fe *Frontend // guarded by the machine's lock, and written under mu as well

	mu      sync.Mutex
	conn    *Conn
	release func() // takes conn from a monitor that has it; nil: none has
	out     []byte // waits for conn
	writing bool   // a goroutine takes care of out
	full    bool   // a write was cut short
}

func newPort(dev *Chardev) *port {
	p := &port{dev: dev, set: dev.set, log: dev.log}
	p.sink, _ = dev.backend.(Sink)
	return p
}

// run serves the connections of a backend on a goroutine of the set.
func (p *port) run(b Line) {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.set.wg.Go(func() {
		defer cancel()
		guard.Run(p.set.Log, "character device "+p.dev.Label(), func() error { b.Serve(ctx, p.handle); return nil })
	})
}

// stop ends the service without waiting for it.
func (p *port) stop() {
	if p.cancel != nil {
		p.cancel()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.conn.Close()
		p.conn.Poke()
	}
}

// attach and detach need the machine's lock.
func (p *port) attach(f *Frontend) {
	p.replace(f)
	f.at.Store(p)
	if f.Stream != nil {
		f.open = true
	}
}

func (p *port) detach(f *Frontend) {
	if p.fe == f {
		p.replace(nil)
	}
	f.at.CompareAndSwap(p, nil)
}

func (p *port) replace(f *Frontend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fe = f
	if p.release != nil {
		p.release()
	}
	if p.conn != nil {
		p.conn.Poke()
	}
}

// poke makes the goroutine look again at what the front end takes.
func (p *port) poke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.conn.Poke()
	}
}

// connected reports whether there is somebody at the other end.
func (p *port) connected() bool {
	if p.sink != nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn != nil
}

// handle serves one connection to whoever is the front end.
func (p *port) handle(ctx context.Context, raw net.Conn) {
	conn, ok := raw.(*Conn)
	if !ok {
		conn = NewConn(raw)
	}
	p.mu.Lock()
	p.conn = conn
	p.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { conn.Close(); conn.Poke() })
	defer stop()
	p.tell(Opened)
	guard.Run(p.set.Log, "a connection of character device "+p.dev.Label(), func() error { p.serve(ctx, conn); return nil })
	p.mu.Lock()
	p.conn, p.out = nil, nil
	p.mu.Unlock()
	conn.Close()
	p.tell(Closed)
}

// serve hands what arrives to front ends until either side is gone.
func (p *port) serve(ctx context.Context, conn *Conn) {
	for gone := false; !gone && ctx.Err() == nil; {
		p.mu.Lock()
		fe := p.fe
		p.mu.Unlock()
		switch {
		case fe != nil && fe.Stream != nil:
			gone = p.stream(ctx, conn, fe)
		case fe != nil && fe.Receive != nil && fe.Space != nil:
			gone = p.pump(conn, fe)
		default:
			gone = conn.untilHangUp()
		}
	}
}

// tell tells the front end of an event. What is always connected has none.
func (p *port) tell(e Event) {
	if p.sink != nil {
		return
	}
	p.mu.Lock()
	interested := p.fe != nil && p.fe.Event != nil
	p.mu.Unlock()
	if interested {
		p.set.Do(func() {
			if p.fe != nil && p.fe.Event != nil {
				p.fe.Event(e)
			}
		})
	}
}

// stream lends the connection to a monitor until either is gone.
func (p *port) stream(ctx context.Context, conn *Conn, fe *Frontend) (gone bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	if p.fe != fe {
		p.mu.Unlock()
		return false
	}
	l := newLease(conn, p.log)
	p.release = func() { l.revoke(); cancel() }
	p.mu.Unlock()
	fe.Stream(ctx, l)
	l.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release = nil
	return p.fe == fe
}

// pump hands bytes to a device as fast as it takes them, and returns when the
// front end changed or the client is gone.
func (p *port) pump(conn *Conn, fe *Frontend) (gone bool) {
	space, ours := p.space(fe)
	if !ours {
		return false
	}
	if space == 0 {
		return conn.untilHangUp()
	}
	buf := make([]byte, min(space, 4096))
	if _, datagrams := conn.Conn.(*net.UDPConn); datagrams {
		buf = make([]byte, 64<<10) // the rest of a datagram would be lost
	}
	n, err := conn.readUnlessPoked(buf)
	if n > 0 {
		given := 0
		p.set.Do(func() {
			if p.fe == fe {
				given = min(n, fe.Space())
				fe.Receive(buf[:given])
			}
		})
		conn.unread(buf[given:n])
	}
	return err != nil && !errors.Is(err, syscall.ECONNREFUSED)
}

// space asks the front end how much it takes; ours is false when it is the
// front end no more.
func (p *port) space(fe *Frontend) (space int, ours bool) {
	p.set.Do(func() {
		if ours = p.fe == fe; ours {
			space = fe.Space()
		}
	})
	return space, ours
}

// write sends bytes of the front end.
func (p *port) write(b []byte) (int, error) {
	p.log.write(b)
	if p.sink != nil {
		return p.sink.Write(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return len(b), nil
	}
	n := min(len(b), maxQueued-len(p.out))
	p.out = append(p.out, b[:n]...)
	if !p.writing && n > 0 {
		p.writing = true
		conn := p.conn
		p.set.wg.Go(func() { p.flush(conn) })
	}
	if n < len(b) {
		p.full = true
		return n, errFull
	}
	return n, nil
}

// flush sends what waits, and ends.
func (p *port) flush(conn *Conn) {
	for {
		p.mu.Lock()
		if p.conn != conn || len(p.out) == 0 {
			p.writing = false
			full := p.full
			p.full = false
			p.mu.Unlock()
			if full {
				p.set.Do(p.writable)
			}
			return
		}
		out := p.out
		p.out = nil
		p.mu.Unlock()
		if _, err := conn.Write(out); err != nil {
			p.mu.Lock()
			p.out = nil
			p.mu.Unlock()
		}
	}
}

func (p *port) writable() {
	if p.fe != nil && p.fe.Writable != nil {
		p.fe.Writable()
	}
}
