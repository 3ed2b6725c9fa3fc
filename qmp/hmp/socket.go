package hmp

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"time"
)

// ServeConn is a monitor for people on a connection: a greeting, a prompt, and
// QEMU's line editor, whose escape sequences it sends to any client. It returns
// when the client hangs up, ctx is done, or a line has ended the machine, and
// closes the connection.
func (h *Human) ServeConn(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	e := &editor{complete: func(text string) (list []string, typed int) {
		h.m.Do(func() { list, typed = h.complete(text) })
		return list, typed
	}}
	s := &session{history: &e.history}
	e.print(h.greeting())
	e.start()
	buf := make([]byte, 4096)
	for flush(e, conn) {
		n, err := conn.Read(buf)
		for _, b := range buf[:n] {
			line, done := e.input(b)
			if !done {
				continue
			}
			if !flush(e, conn) || !h.typed(ctx, e, s, line) {
				flush(e, conn)
				return
			}
			e.start()
		}
		if err != nil {
			flush(e, conn)
			return
		}
	}
}

// greeting is the first line of a monitor.
func (h *Human) greeting() string {
	v := h.m.Options().Catalog.Version()
	return fmt.Sprintf("QEMU %d.%d.%d monitor - type 'help' for more information\n", v.Major, v.Minor, v.Micro)
}

// ServeBytes is a monitor without a line editor (readline=off). As QEMU's, it
// takes one byte at a time for a line, which none but an empty one, a NUL, is.
func (h *Human) ServeBytes(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	e := &editor{}
	e.print(h.greeting())
	buf := make([]byte, 4096)
	for flush(e, conn) {
		n, err := conn.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				e.print("corrupted command\n")
			}
		}
		if err != nil {
			flush(e, conn)
			return
		}
	}
}

// flush sends what the editor has for the terminal.
func flush(e *editor, conn net.Conn) bool {
	if e.out.Len() == 0 {
		return true
	}
	_, err := e.out.WriteTo(conn)
	return err == nil
}

// typed runs a line and prints its answer; false when the machine has ended.
func (h *Human) typed(ctx context.Context, e *editor, s *session, line string) (on bool) {
	r := &run{h: h, session: s}
	on = r.part(line, func() { r.line(line) })
	for r.later != nil {
		r.later.work(ctx)
		on = r.part(line, r.resume)
	}
	e.print(r.out.String())
	return on
}

// part runs a part of a line under the lock; false when the machine has ended.
func (r *run) part(line string, f func()) (on bool) {
	r.h.m.Do(func() {
		if r.h.m.Exiting() {
			r.later = nil
			return
		}
		defer func() {
			// One broken command must not take all machines of the process
			// with it.
			if p := recover(); p != nil {
				r.h.log().Error("command panicked", "line", line, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				r.later = nil
				r.report(fmt.Errorf("internal error: %v", p))
			}
			on = !r.h.m.Exiting()
		}()
		f()
	})
	return on
}
