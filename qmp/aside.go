package qmp

import (
	"context"
	"slices"
)

// aside is the error of a command that is not done yet.
type aside struct {
	work func(context.Context)
	then func() (any, error)
}

func (*aside) Error() string { return "the command has stepped aside" }

// Aside lets a command wait for something outside without the machine's lock: it
// returns what the command is to return. work runs on a goroutine of its own and
// ends early when its context is done; then runs under the lock again and gives
// the result. Until then the session's next requests wait, as they would for any
// command, and other sessions are served. A command that another one runs, or
// that runs out of band, does not step aside: all happens at once.
func Aside[R any](c *Call, work func(context.Context), then func() (R, error)) (R, error) {
	if !c.canWait {
		ctx := context.Background()
		if c.Session != nil {
			ctx = c.Context()
		}
		work(ctx)
		return then()
	}
	var none R
	return none, &aside{work, func() (any, error) { return then() }}
}

// CanWait reports whether the call steps aside in [Aside]; work then runs without
// the machine's lock, else with it.
func (c *Call) CanWait() bool { return c.canWait }

// stepAside goes on with a command that has not ended.
func (c *Session) stepAside(call *Call, r request, a *aside) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c.aside = true
	c.running++
	s.wg.Add(1) // the reader's own is still there
	go func() {
		defer s.wg.Done()
		_, broken := call.do(func() (any, error) { a.work(c.ctx); return nil, nil })
		s.turn(c, func() {
			result, err := call.do(func() (any, error) {
				if broken != nil {
					return nil, broken
				}
				return a.then()
			})
			c.answer(call, r, result, err)
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		c.aside = false
		c.running--
		if len(c.queue) > 0 && !slices.Contains(s.ready, c) {
			s.ready = append(s.ready, c)
		}
		s.startDispatcher()
		c.room.Broadcast()
	}()
}
