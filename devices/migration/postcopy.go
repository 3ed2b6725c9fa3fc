package migration

import (
	"context"
	"errors"
	"time"
)

var (
	errPaused   = errors.New("Postcopy migration is paused by the user")
	errNoPause  = errors.New("migrate-pause is currently only supported during postcopy-active or postcopy-recover state")
	errNoRescue = errors.New("Migrate recover can only be run when postcopy is paused.")
)

// Pause breaks the connection of a migration whose destination has the state
// already.
func (m *Migration) Pause() error {
	if s := m.Status(); s == PostcopyActive || s == PostcopyRecover {
		m.out.err = errPaused
		m.Yank()
		return nil
	}
	if m.in != nil && (m.in.status == PostcopyActive || m.in.status == PostcopyRecover) {
		m.Yank()
		return nil
	}
	return errNoPause
}

// pause waits, after an error, for a user who opens another channel. It reports
// false when there is no way on.
func (o *outgoing) pause(err error) (again bool) {
	late := false
	o.m.host.Do(func() {
		if late = o.status.postcopy() && o.ctx.Err() == nil; !late {
			return
		}
		if o.err != errPaused {
			o.err = err
		}
		o.set(PostcopyPaused)
	})
	if !late {
		return false
	}
	o.hangUp()
	o.m.setMoves(false)
	select {
	case <-o.ctx.Done():
		return false
	case next := <-o.rescue:
		return o.reconnect(next)
	}
}

// dialer opens a channel.
type dialer func(context.Context) (*conn, error)

// resume goes on over another channel.
func (o *outgoing) resume(a Address) error {
	c, dial, err := a.open(o.m.host.Descriptors())
	if err != nil {
		return err
	}
	if c != nil {
		dial = func(context.Context) (*conn, error) { return c, nil }
	}
	o.err = nil
	o.set(PostcopyRecoverSetup)
	o.m.setMoves(true)
	o.rescue <- dial
	return nil
}

// reconnect takes the new channel. What cannot be reached leaves things as they
// were, for another try.
func (o *outgoing) reconnect(dial dialer) bool {
	err := o.connect(nil, dial)
	if err == nil {
		o.memory.restart()
		if err = writeMagic(o.channel); err == nil {
			var head header
			o.m.host.Do(func() {
				o.err = nil
				o.set(PostcopyRecover)
				head = o.m.header(o.memory)
				head.Resume = true
			})
			err = o.writeJSON(recordHeader, head)
		}
	}
	if err != nil {
		return o.pause(err)
	}
	o.m.host.Do(func() { o.set(PostcopyActive) })
	return true
}

// sendRest sends the memory that the destination does not have yet.
func (o *outgoing) sendRest() error {
	for done := false; !done; {
		var out []byte
		var cost uint64
		o.m.host.Do(func() {
			o.pace.rate = o.m.rate("max-postcopy-bandwidth")
			out, cost, done = o.memory.next(o.pace.budget(), &o.figures)
			o.figures.postcopy += cost
		})
		if err := o.write(out); err != nil {
			return err
		}
		if err := o.pace.spend(o.ctx, o.wake, cost); err != nil {
			return o.because(err)
		}
	}
	if err := o.conclude(); err != nil {
		return err
	}
	o.m.host.Do(func() { o.figures.left = 0 })
	return nil
}

// rate is a parameter in bytes per second; 0 is no limit.
func (s *Settings) rate(name string) uint64 {
	switch v := s.Parameter(name).(type) {
	case int64:
		return uint64(v)
	case uint64:
		return v
	}
	return 0
}

// switchoverRate is the bandwidth to reckon with while the machine stands still.
func (s *Settings) switchoverRate() uint64 {
	if n := s.rate("avail-switchover-bandwidth"); n != 0 {
		return n
	}
	return s.rate("max-bandwidth")
}

func (s *Settings) downtimeLimit() time.Duration {
	return time.Duration(s.rate("downtime-limit")) * time.Millisecond
}
