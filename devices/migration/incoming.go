package migration

import (
	"context"
	"errors"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/guard"
)

// incoming is a migration of which the machine is the destination. Its fields
// are guarded by the machine's lock, but for those of its goroutine.
type incoming struct {
	m        *Migration
	do       func(func()) // takes the machine's lock
	status   Status
	err      error
	address  *chardev.SocketAddress // where it listens; nil: nowhere
	started  bool                   // migrate-incoming was accepted
	deferred bool                   // it may be
	exits    bool                   // the machine ends with a stream that is no good
	closed   bool                   // the machine ends anyway
	loaded   bool                   // the state is here

	channel *conn   // the goroutine's
	blocks  []Block // that the stream speaks of
	rescue  chan *door
}

// Await makes the machine one that waits for a stream. With ask migrate-incoming
// is to say where from.
func (m *Migration) Await(ask bool) {
	m.in = &incoming{m: m, do: m.host.Do, status: None, deferred: ask, exits: true, rescue: make(chan *door, 1)}
}

// Receiving reports whether the machine is one whose state has not come yet.
func (m *Migration) Receiving() bool { return m.in != nil && m.in.status != Completed }

// MayReceive says why migrate-incoming is not possible.
func (m *Migration) MayReceive() error {
	switch in := m.in; {
	case in == nil || !in.deferred:
		return errors.New("'-incoming' was not specified on the command line")
	case in.started:
		return errors.New("The incoming migration has already been started")
	}
	return nil
}

// Incoming is migrate-incoming: the stream comes from an address. exits says
// whether the machine ends if that fails; nil: it does.
func (m *Migration) Incoming(a Address, exits *bool) error {
	if err := m.MayReceive(); err != nil {
		return err
	}
	if exits != nil {
		m.in.exits = *exits
	}
	if err := m.Receive(a); err != nil {
		return err
	}
	m.in.started = true
	return nil
}

// Receive opens the door for a stream. As in QEMU a door that cannot be opened
// leaves the machine waiting for good.
func (m *Migration) Receive(a Address) error {
	in := m.in
	if in.status != None {
		return errors.New("Illegal migration incoming state: " + string(in.status))
	}
	if (m.Has("multifd") || m.Has("postcopy-preempt")) && !m.manyChannels(a) {
		return errors.New("Migration requires multi-channel URIs (e.g. tcp)")
	}
	in.set(Setup)
	d, err := a.listen(m.host.Descriptors())
	if err != nil {
		return err
	}
	in.address = d.address
	m.use(d.close)
	m.working.Go(func() { in.run(d) })
	return nil
}

func (in *incoming) set(s Status) {
	in.status = s
	in.m.tellStatus(s)
}

func (in *incoming) tell(info *Info) {
	switch in.status {
	case None:
		return
	case Completed:
	case Failed:
		if in.err != nil {
			info.Error = in.err.Error()
		}
	default:
		info.Address = addresses(in.address)
	}
	info.Status = in.status
}

// run does the work, on a goroutine of its own.
func (in *incoming) run(d *door) {
	in.finish(guard.Run(in.m.log, "an incoming migration", func() error { return in.receive(d) }))
}

// receive takes the machine from whoever comes in at the door.
func (in *incoming) receive(d *door) error {
	err := in.enter(d)
	if err == nil {
		err = in.load()
	}
	for err != nil && in.pause() {
		err = in.load()
	}
	if err == nil {
		err = in.m.host.Install()
	}
	return err
}

// enter waits for the source, one that may come in.
func (in *incoming) enter(d *door) error {
	for {
		c, err := d.accept()
		if err != nil {
			return broken(err)
		}
		in.m.use(c.close)
		safe, err := in.m.encrypt(context.Background(), c, true)
		if err == nil {
			if d.shut != nil {
				d.shut()
			}
			in.channel = safe
			in.m.use(safe.close)
			return nil
		}
		c.close()
		in.m.use(d.close)
		if d.shut == nil || isSetup(err) || in.isClosed() {
			d.close()
			return err
		}
	}
}

func (in *incoming) isClosed() (closed bool) {
	in.m.host.Do(func() { closed = in.closed })
	return closed
}

// finish tells the source and the machine how it went. The machine goes on when
// the source has heard it, or where that is not possible.
func (in *incoming) finish(err error) {
	if c := in.channel; c != nil {
		if c.answers {
			if told := sendAnswer(c, err); err == nil && told != nil {
				err = broken(told)
			}
		}
		if c.finish != nil && err == nil {
			c.finish()
		}
		defer c.close()
	}
	in.m.use(nil)
	in.m.host.Do(func() {
		switch {
		case in.closed:
		case err == nil:
			in.m.host.Arrive()
			in.set(Completed)
		default:
			in.err = err
			in.set(Failed)
			if in.exits {
				in.m.host.Fail(err)
			}
		}
	})
}

// pause waits, when the source is gone although it cannot go back, for a user
// who opens another door. It reports false when there is no way on.
func (in *incoming) pause() bool {
	late := false
	in.m.host.Do(func() {
		if late = in.status.postcopy() && !in.closed; late {
			in.set(PostcopyPaused)
			in.address = nil
		}
	})
	if !late {
		return false
	}
	in.channel.close()
	in.channel = nil
	stop := make(chan struct{})
	in.m.use(func() { close(stop) })
	select {
	case <-stop:
		return false
	case d := <-in.rescue:
		in.m.use(d.close)
		if err := in.enter(d); err != nil {
			return in.pause()
		}
		return true
	}
}

// Recover is migrate-recover: another door for a migration that is paused.
func (m *Migration) Recover(a func() (Address, error)) error {
	in := m.in
	if in == nil || in.status != PostcopyPaused {
		return errNoRescue
	}
	if in.address != nil {
		return errors.New("Migrate recovery is triggered already")
	}
	where, err := a()
	if err != nil {
		return err
	}
	d, err := where.listen(m.host.Descriptors())
	if err != nil {
		return err
	}
	in.address = d.address
	in.rescue <- d
	return nil
}
