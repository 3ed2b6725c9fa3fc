package qmp

import (
	"bytes"
	"log/slog"
	"sync"

	"github.com/qomd/qomd/qmp/qjson"
)

// output is the queue between those who have something to tell a client and the
// session's writer. Adding never blocks.
type output struct {
	wake chan struct{} // capacity one: there is something to do

	mu       sync.Mutex
	buf      []byte // not taken by the writer yet
	inFlight int    // taken, not written yet
	ended    bool   // nothing is added any more
	overrun  bool   // the client was cut off
	written  uint64 // bytes handed to the connection
	queued   uint64 // bytes ever added
	after    []afterwards
	finished chan struct{} // closed by the writer
}

// afterwards is a function to call once written reaches at.
type afterwards struct {
	at uint64
	fn func()
}

// finish lets the writer return once it has written everything.
func (o *output) finish() {
	o.mu.Lock()
	o.ended = true
	o.mu.Unlock()
	o.signal()
}

func (o *output) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// add queues text, and functions to run when it is written. It returns false if
// the client has to be cut off now.
func (o *output) add(text []byte, after []func()) bool {
	o.mu.Lock()
	if o.ended {
		o.mu.Unlock()
		for _, fn := range after {
			fn()
		}
		return true
	}
	if len(o.buf)+o.inFlight >= MaxPending && !o.overrun {
		o.overrun = true
		o.buf = nil
		o.mu.Unlock()
		return false
	}
	if !o.overrun {
		o.buf = append(o.buf, text...)
	}
	o.queued += uint64(len(text))
	for _, fn := range after {
		o.after = append(o.after, afterwards{o.queued, fn})
	}
	o.mu.Unlock()
	o.signal()
	return true
}

// send queues a message that is not a reply.
func (c *Session) send(message *qjson.Object) {
	c.sendText(c.encode(nil, message), nil)
}

func (c *Session) sendText(text []byte, after []func()) {
	if !c.out.add(text, after) {
		c.cut()
	}
}

// encode appends a message in the form of this monitor, line end included.
func (c *Session) encode(dst []byte, message any) []byte {
	return encode(dst, message, c.pretty.Load())
}

func encode(dst []byte, message any, pretty bool) []byte {
	start := len(dst)
	dst = append(qjson.Append(dst, message, pretty), '\n')
	return append(dst[:start], lineEnds(dst[start:])...)
}

// lineEnds turns line feeds into CR LF as QEMU's monitors do. They occur only
// between tokens: strings have theirs escaped.
func lineEnds(text []byte) []byte {
	if bytes.IndexByte(text, '\n') == len(text)-1 {
		return append(text[:len(text)-1], '\r', '\n')
	}
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}

// write hands queued text to the connection until the session ends.
func (c *Session) write() {
	o := &c.out
	var taken []byte
	broken := false
	for range o.wake {
		for {
			o.mu.Lock()
			taken, o.buf = o.buf, taken[:0]
			o.inFlight = len(taken)
			ended := o.ended
			o.mu.Unlock()
			if len(taken) == 0 {
				o.callAfter(broken)
				if ended {
					close(o.finished)
					return
				}
				break
			}
			broken = broken || !c.writeAll(taken)
			o.callAfter(broken)
			if cap(taken) > 1<<16 {
				taken = nil // one long reply must not cost memory for ever
			}
		}
	}
}

// writeAll writes text in pieces so that a slow client's progress is counted.
func (c *Session) writeAll(text []byte) bool {
	for len(text) > 0 {
		n, err := c.conn.Write(text[:min(len(text), 1<<16)])
		text = text[n:]
		c.out.mu.Lock()
		c.out.inFlight = len(text)
		c.out.written += uint64(n)
		c.out.mu.Unlock()
		if err != nil {
			if c.ctx.Err() == nil {
				c.server.log.Debug("cannot write", slog.String("session", c.Name()), slog.Any("error", err))
			}
			c.cancel(err)
			return false
		}
	}
	return true
}

// callAfter calls what waited for the text written so far; everything if no more
// can be written.
func (o *output) callAfter(all bool) {
	o.mu.Lock()
	n := 0
	for n < len(o.after) && (all || o.overrun || o.after[n].at <= o.written) {
		n++
	}
	due := o.after[:n:n]
	o.after = o.after[n:]
	o.mu.Unlock()
	for _, a := range due {
		a.fn()
	}
}
