package daemon

import (
	"bytes"
	"net"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/machine"
)

// messageKind is what a message of a monitor is.
type messageKind string

const (
	greeting messageKind = "greeting"
	reply    messageKind = "reply"
	event    messageKind = "event"
)

// faultyConn is a monitor's connection on a machine that faults can be armed on.
// It looks at each message at the moment the monitor sends it, and keeps back,
// changes or cuts what the faults say. Nothing the monitor does waits for it.
type faultyConn struct {
	net.Conn
	vm      *VM
	monitor string

	mu      sync.Mutex
	wake    *sync.Cond
	partial []byte   // of a message that is not complete
	waiting [][]byte // replies that wait for the next event
	queue   [][]byte // to be written
	sent    uint64
	closing bool
	done    chan struct{} // the writer has ended
}

func newFaultyConn(conn net.Conn, vm *VM, monitor string) *faultyConn {
	c := &faultyConn{Conn: conn, vm: vm, monitor: monitor, done: make(chan struct{})}
	c.wake = sync.NewCond(&c.mu)
	go c.pump()
	return c
}

// Write takes text of the monitor, whole messages or pieces of them.
func (c *faultyConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return 0, net.ErrClosed
	}
	c.partial = append(c.partial, p...)
	for {
		n := messageEnd(c.partial)
		if n == 0 {
			return len(p), nil
		}
		message := bytes.Clone(c.partial[:n])
		c.partial = append(c.partial[:0], c.partial[n:]...)
		c.treat(message)
	}
}

// messageEnd returns the length of the first message of a text, 0 when it is not
// complete. A message may stand on several lines; its last begins or ends it.
func messageEnd(text []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return 0
		}
		line := bytes.TrimRight(text[at:at+n], "\r")
		at += n + 1
		if len(line) > 0 && line[len(line)-1] == '}' && (line[0] == '{' || line[0] == '}') {
			return at
		}
	}
}

// kindOf tells by its first member what a message is.
func kindOf(message []byte) messageKind {
	_, rest, _ := bytes.Cut(message, []byte(`"`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	switch string(name) {
	case "QMP":
		return greeting
	case "timestamp":
		return event
	}
	return reply
}

// treat does to a message what is armed. Precondition: c.mu is held.
func (c *faultyConn) treat(message []byte) {
	f := c.vm.Machine.MonitorFaults()
	kind := kindOf(message)
	if kind == reply && uint64(len(message)) < f.PadReplies {
		message = padded(message, int(f.PadReplies))
	}
	delay := map[messageKind]time.Duration{greeting: f.GreetingDelay, reply: f.ReplyDelay, event: f.EventDelay}[kind]
	switch {
	case f.Silent:
		c.kept(message)
	case delay > 0:
		c.vm.Machine.AfterFunc(delay, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.enqueue(message)
		})
		c.kept(message)
	case kind == reply && (len(c.waiting) > 0 || c.vm.Machine.TakeOvertake()):
		c.waiting = append(c.waiting, message)
		c.kept(message)
	case kind == event:
		c.enqueue(message)
		for _, m := range c.waiting {
			c.enqueue(m)
		}
		c.waiting = nil
	default:
		c.enqueue(message)
	}
}

// padded makes a message longer by white space before its last brace.
func padded(message []byte, size int) []byte {
	end := bytes.LastIndexByte(message, '}')
	out := append([]byte(nil), message[:end]...)
	out = append(out, bytes.Repeat([]byte(" "), size-len(message))...)
	return append(out, message[end:]...)
}

// kept tells who asked that a message did not go out.
func (c *faultyConn) kept(message []byte) {
	if f := c.vm.opts.OnKept; f != nil {
		f(c.monitor, message)
	}
}

func (c *faultyConn) enqueue(message []byte) {
	if !c.closing {
		c.queue = append(c.queue, message)
		c.wake.Signal()
	}
}

// pump writes what is queued, in the pieces and up to the point that is armed.
func (c *faultyConn) pump() {
	defer close(c.done)
	defer c.Conn.Close()
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closing {
			c.wake.Wait()
		}
		if len(c.queue) == 0 {
			c.mu.Unlock()
			return
		}
		message := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()
		if !c.send(message, c.vm.Machine.MonitorFaults()) {
			return
		}
	}
}

// send writes one message and reports whether the connection still stands.
func (c *faultyConn) send(message []byte, f machine.MonitorFaults) bool {
	cut := false
	if f.CutAfter > 0 && c.sent+uint64(len(message)) > f.CutAfter {
		message = message[:max(f.CutAfter, c.sent)-c.sent]
		cut = true
	}
	for len(message) > 0 {
		n := len(message)
		if f.Split > 0 && f.Split < uint64(n) {
			n = int(f.Split)
		}
		n, err := c.Conn.Write(message[:n])
		c.sent += uint64(n)
		if err != nil {
			return false
		}
		message = message[n:]
	}
	return !cut
}

// lingering is how long a closed connection may take for what is queued.
const lingering = time.Second

// Close lets what is queued go out, as closing a socket does.
func (c *faultyConn) Close() error {
	c.vm.closed(c)
	c.mu.Lock()
	c.closing = true
	c.wake.Broadcast()
	c.mu.Unlock()
	c.Conn.SetWriteDeadline(time.Now().Add(lingering))
	<-c.done
	return nil
}

// abort cuts the connection with whatever it still had to say.
func (c *faultyConn) abort() {
	c.mu.Lock()
	c.closing, c.queue, c.waiting = true, nil, nil
	c.wake.Broadcast()
	c.mu.Unlock()
	c.Conn.Close()
}
