package migration

import (
	"context"
	"encoding/json"
	"errors"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/guard"
)

// outgoing is a migration of which the machine is the source. Its fields are
// guarded by the machine's lock; channel and memory are its goroutine's.
type outgoing struct {
	m       *Migration
	status  Status
	err     error
	figures figures
	halted  bool // the machine was stopped for it
	closed  bool // the machine ends anyway

	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // the user said something that the goroutine waits for
	goOn   bool          // it was: from pre-switchover to device
	late   bool          // it was: the memory may come after the state
	rescue chan dialer   // a new channel, after the old one broke

	channel *conn
	verdict chan error // what the destination said; nil where it cannot
	memory  *walk
	pace    pacer
}

// Start begins to send the machine to an address. Errors that show at once are
// returned, others in [Migration.Query].
func (m *Migration) Start(a Address, resume bool) error {
	if err := m.mayStart(a, resume); err != nil {
		return err
	}
	if resume {
		return m.out.resume(a)
	}
	o := m.begin()
	c, dial, err := a.open(m.host.Descriptors())
	if err != nil {
		o.fail(err)
		return err
	}
	m.setMoves(true)
	m.working.Go(func() { o.run(c, dial) })
	return nil
}

// begin replaces the last migration by one that is being set up.
func (m *Migration) begin() *outgoing {
	o := &outgoing{m: m, status: None, wake: make(chan struct{}, 1), rescue: make(chan dialer, 1)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	o.figures.started = time.Now()
	m.out = o
	o.set(Setup)
	return o
}

// ErrBusy is why a second migration, or one with other capabilities, has to
// wait.
var ErrBusy = errors.New("There's a migration process in progress")

// ErrDisks is why a machine does not migrate with QEMU 7.2's capability "block",
// or the options "blk" and "inc": a stream has no disks.
var ErrDisks = errors.New("qomd does not send disks with a machine: share or copy them, and leave 'block', 'blk' and 'inc' off")

// Refuse is what becomes of a migration to an address that cannot be read, for
// the reason err: nothing; up to QEMU 7.2 it begins and has failed.
func (m *Migration) Refuse(err error, resume bool) error {
	if !m.Former || resume {
		return err
	}
	if err := m.mayBegin(false); err != nil {
		return err
	}
	o := m.begin()
	o.cancel()
	o.set(Failed)
	return err
}

// mayStart makes QEMU's checks, in its order.
func (m *Migration) mayStart(a Address, resume bool) error {
	if (m.Has("multifd") || m.Has("postcopy-preempt")) && !m.manyChannels(a) {
		return errors.New("Migration requires multi-channel URIs (e.g. tcp)")
	}
	if m.Has("mapped-ram") && a.Transport != File {
		return errors.New("Migration requires seekable transport (e.g. file)")
	}
	return m.mayBegin(resume)
}

// mayBegin makes those checks that no address is needed for.
func (m *Migration) mayBegin(resume bool) error {
	switch {
	case resume && m.Status() != PostcopyPaused:
		return errors.New("Cannot resume if there is no paused migration")
	case resume:
		return nil
	case m.Busy():
		return ErrBusy
	case m.host.Waiting():
		return errors.New("Guest is waiting for an incoming migration")
	case m.host.HandedOver():
		return errors.New("Can't migrate the vm that was paused due to previous migration")
	}
	if _, err := m.host.Save(); err != nil {
		return err
	}
	if m.Has("block") {
		return ErrDisks
	}
	return nil
}

func (m *Migration) manyChannels(a Address) bool {
	return a.Transport == Unix || a.Transport == TCP || a.Transport == File && m.Has("mapped-ram")
}

// set changes the status, and tells so.
func (o *outgoing) set(s Status) {
	o.status = s
	o.m.tellStatus(s)
}

func (o *outgoing) tell(info *Info, now time.Time) {
	info.Status = o.status
	if o.err != nil {
		info.Error = o.err.Error()
	}
	o.figures.tell(info, o.status, now)
}

// fail ends it where the machine is.
func (o *outgoing) fail(err error) {
	o.err = err
	last := Failed
	if o.status == Cancelling {
		last = Cancelled
	} else if !o.m.Former {
		o.set(Failing)
	}
	o.release()
	o.m.host.Rejoin()
	o.set(last)
}

// release lets the machine go on.
func (o *outgoing) release() {
	if o.halted {
		o.halted = false
		o.m.host.Release()
	}
}

// errCancelled ends the goroutine of what a user has cancelled; it is told to
// nobody.
var errCancelled = errors.New("cancelled")

// run does the work, on a goroutine of its own.
func (o *outgoing) run(c *conn, dial dialer) {
	defer o.m.setMoves(false)
	defer o.cancel()
	err := guard.Run(o.m.log, "a migration", func() error { return o.carry(c, dial) })
	o.hangUp()
	o.m.host.Do(func() {
		switch {
		case err == nil:
			o.figures.ended = time.Now()
			o.m.host.GiveUp()
			o.set(Completed)
		case o.status.postcopy():
			o.set(Failed) // the machine ends
		case errors.Is(err, errCancelled):
			o.fail(o.err)
		default:
			o.fail(err)
		}
	})
}

// carry sends the machine, if need be in several goes.
func (o *outgoing) carry(c *conn, dial dialer) error {
	err := o.connect(c, dial)
	if err == nil {
		err = o.send()
	}
	for err != nil && o.pause(err) {
		err = o.sendRest()
	}
	return err
}

// connect opens the channel, if that is still to be done.
func (o *outgoing) connect(c *conn, dial dialer) error {
	if c == nil {
		var err error
		if c, err = dial(o.ctx); err != nil {
			return o.because(err)
		}
	}
	o.channel = c
	o.m.use(c.close)
	var err error
	if c, err = o.m.encrypt(o.ctx, c, false); err != nil {
		return o.because(err)
	}
	o.channel = c
	o.m.use(c.close)
	o.listen(c)
	return o.because(nil)
}

// listen waits for the word of a destination that can speak. One that has
// failed, or went away, is not sent any more.
func (o *outgoing) listen(c *conn) {
	o.verdict = nil
	if !c.answers {
		return
	}
	verdict := make(chan error, 1)
	o.verdict = verdict
	o.m.working.Go(func() {
		err := guard.Run(o.m.log, "an answer to a migration", func() error { return readAnswer(c) })
		verdict <- err
		if err != nil {
			c.close()
			o.poke()
		}
	})
}

// because is err, or why there can be no other.
func (o *outgoing) because(err error) error {
	if o.ctx.Err() != nil {
		return errCancelled
	}
	return err
}

func (o *outgoing) hangUp() {
	if o.channel != nil {
		o.m.use(nil)
		o.channel.close()
		o.channel = nil
	}
}

// write sends bytes.
func (o *outgoing) write(p []byte) error {
	if err := o.refused(); err != nil {
		return o.because(err)
	}
	if len(p) == 0 {
		return nil
	}
	if _, err := o.channel.Write(p); err != nil {
		return o.because(o.failure(err))
	}
	return nil
}

// failure is a failed write, or what the destination says about it.
func (o *outgoing) failure(err error) error {
	if o.verdict != nil {
		if told := <-o.verdict; errors.As(told, new(*refusal)) {
			return told
		}
	}
	return o.channel.written(err)
}

// refused is what the destination said before all was sent, nil while it says
// nothing.
func (o *outgoing) refused() error {
	select {
	case told := <-o.verdict:
		if errors.As(told, new(*refusal)) {
			return told
		}
		return o.channel.written(syscall.EPIPE)
	default:
		return nil
	}
}

// send does it all: header, memory, state.
func (o *outgoing) send() error {
	if err := o.part(); err != nil {
		return err
	}
	var head header
	o.m.host.Do(func() {
		if o.ctx.Err() != nil {
			return
		}
		o.memory = newWalk(o.m.host.Blocks())
		o.figures.setup = time.Since(o.figures.started)
		o.figures.total, o.figures.syncs = o.memory.total(), 1
		o.figures.left = o.figures.total
		o.figures.expecting = o.m.downtimeLimit()
		o.set(Active)
		head = o.m.header(o.memory)
	})
	if err := o.because(nil); err != nil {
		return err
	}
	if err := writeMagic(o.channel); err != nil {
		return o.because(o.failure(err))
	}
	if err := o.writeJSON(recordHeader, head); err != nil {
		return err
	}
	if err := o.precopy(); err != nil {
		return err
	}
	if err := o.switchOver(); err != nil {
		return err
	}
	if o.late {
		return o.sendRest()
	}
	return o.conclude()
}

// header is the head of a stream about that memory.
func (m *Migration) header(memory *walk) header {
	h := header{Machine: m.host.MachineType(), Plan: m.host.Plugs()}
	if m.Has("validate-uuid") {
		h.UUID = m.host.UUID()
	}
	for _, b := range memory.blocks {
		h.Blocks = append(h.Blocks, blockHeader{b.Name, b.Region.Size()})
	}
	return h
}

func (o *outgoing) writeJSON(typ recordType, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	o.m.host.Do(func() { o.figures.devices += uint64(len(content)) })
	return o.write(appendRecord(nil, typ, content))
}

// conclude ends the stream. Where the destination can answer, its word counts:
// the machine is given up only when somebody else has it.
func (o *outgoing) conclude() error {
	if err := o.write(appendRecord(nil, recordEnd)); err != nil {
		return err
	}
	if o.channel.finish != nil {
		if err := o.channel.finish(); err != nil {
			return o.because(err)
		}
	}
	if o.verdict == nil {
		return nil
	}
	return o.because(<-o.verdict)
}
