package scenario

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// step does what a step says and waits until everybody has heard of it.
func (r *runner) step(s *Step) error {
	if r.ended && s.Verb != Restart && s.Verb != Look && s.Verb != Disconnect {
		return errors.New("the machine has ended")
	}
	var err error
	switch s.Verb {
	case Command:
		err = r.command(s)
	case Connect:
		err = r.connect(s)
	case Disconnect:
		err = r.disconnect(s)
	case Clock:
		r.noteStep(s)
		r.vm.Machine.Do(func() {
			if r.vm.Machine.Running() {
				r.vm.Machine.Step(int64(s.Duration))
			}
		})
	case Register:
		err = r.register(s)
	case Guest:
		r.noteStep(s)
		err = r.set("/machine/guest", s.Arguments)
	case Fault:
		r.noteStep(s)
		err = r.set("/machine/faults", s.Arguments)
	case Hold:
		err = r.hold(s.Text)
	case Release:
		err = r.release(s.Text)
	case Restart:
		err = r.restart()
	}
	if err != nil {
		return err
	}
	return r.quiet(s)
}

// noteStep writes what a step does to the machine into the record.
func (r *runner) noteStep(s *Step) {
	text := s.title()
	if s.Arguments != nil {
		text += " " + string(qjson.Append(nil, s.Arguments, false))
	}
	r.note("", "..", []byte(text))
}

// command sends a command and compares its answer.
func (r *runner) command(s *Step) error {
	c := r.client[s.Client]
	if c == nil {
		return fmt.Errorf("there is no client %s", s.Client)
	}
	if s.Descriptor != "" {
		fd, err := openHigh(s.Descriptor)
		if err != nil {
			return fmt.Errorf("open %s: %w", s.Descriptor, err)
		}
		c.far.give(fd)
	}
	before := r.keptOf(s.Client)
	if err := c.send(s.Text, s.Arguments, nil); err != nil {
		return err
	}
	if s.Want.NoReply {
		return r.waitKept(s.Client, before)
	}
	m, err := c.reply()
	if errors.Is(err, errClosed) && s.Want.Closed {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Text == "qmp_capabilities" && m.failed == nil {
		c.ready = true
	}
	return compareAnswer(m, s.Want.HasReturns, Answer{s.Want.Returns, s.Want.Error})
}

func (r *runner) disconnect(s *Step) error {
	c := r.client[s.Text]
	if c == nil {
		return fmt.Errorf("there is no client %s", s.Text)
	}
	r.note("", "..", []byte(s.title()))
	delete(r.client, s.Text)
	err := c.conn.Close()
	<-c.far.closed // the machine has noticed
	return err
}

// register runs a line of the qtest protocol.
func (r *runner) register(s *Step) error {
	answer := r.qtest.Run(s.Text)
	r.note("", "..", []byte(s.Text+" => "+answer))
	switch want := s.Want.Answer; {
	case want != nil && *want != answer:
		return fmt.Errorf("answer\n  want %s\n  got  %s", *want, answer)
	case want == nil && answer != "OK" && (len(answer) < 3 || answer[:3] != "OK "):
		return errors.New(answer)
	}
	return nil
}

// set sets properties of an object behind the monitor's back.
func (r *runner) set(path string, values *qjson.Object) (err error) {
	r.vm.Machine.Do(func() {
		o, _ := r.vm.Machine.Tree().Resolve(path, "")
		if o == nil {
			err = fmt.Errorf("this machine has no %s", path)
			return
		}
		for name, v := range values.All() {
			if err = o.Set(name, qom.Value(v)); err != nil {
				return
			}
		}
	})
	return err
}

func (r *runner) hold(path string) (err error) {
	r.note("", "..", []byte("hold "+path))
	r.vm.Machine.Do(func() {
		o, _ := r.vm.Machine.Tree().Resolve(path, "")
		switch {
		case o == nil:
			err = fmt.Errorf("nothing is at %s", path)
		case r.holds[path] != nil:
			err = fmt.Errorf("%s is held already", path)
		default:
			r.holds[path] = o.Hold(qom.HoldUser, "scenario "+path)
		}
	})
	return err
}

func (r *runner) release(path string) error {
	h := r.holds[path]
	if h == nil {
		return fmt.Errorf("%s is not held", path)
	}
	r.note("", "..", []byte("release "+path))
	delete(r.holds, path)
	r.vm.Machine.Do(h.Release)
	return nil
}

// restart ends the machine, unless it has ended, and starts it again. Clients
// are hung up on.
func (r *runner) restart() error {
	r.note("", "..", []byte("restart"))
	if !r.ended {
		r.vm.Close()
	}
	for name, c := range r.client {
		if err := c.closed(); err != nil {
			return err
		}
		delete(r.client, name)
	}
	return r.boot()
}

// quiet waits until every client has received what the machine had to say, as
// far as no fault keeps it back.
func (r *runner) quiet(s *Step) error {
	r.vm.Machine.Migration.Rest()
	r.vm.Machine.Do(func() {}) // whoever ran the command may still be settling
	c := r.client[s.Client]
	if s.Want.Greeting == "late" {
		if c == nil {
			return fmt.Errorf("there is no client %s", s.Client)
		}
		if err := c.greeting(); err != nil {
			return err
		}
		if err := c.negotiate(); err != nil {
			return err
		}
	}
	for _, want := range s.Want.Late {
		if c == nil {
			return fmt.Errorf("there is no client %s", s.Client)
		}
		m, err := c.reply()
		if err != nil {
			return err
		}
		if err := compareAnswer(m, want.Returns != nil, want); err != nil {
			return err
		}
	}
	select {
	case <-r.vm.Done():
		return r.hangUp()
	default:
	}
	if s.Want.Closed && c != nil {
		return c.closed()
	}
	f := r.vm.Machine.MonitorFaults()
	if f.Overtake > 0 || f.CutAfter > 0 {
		return nil // the question would use up the fault
	}
	for _, c := range r.all {
		if r.client[c.name] != c || !c.ready || c.isEOF() {
			continue
		}
		if err := r.settle(c, f.Silent || f.ReplyDelay > 0); err != nil {
			return fmt.Errorf("client %s: %w", c.name, err)
		}
	}
	return nil
}

// settle waits until everything the machine said to a client has come, or been
// kept back by a fault.
func (r *runner) settle(c *client, kept bool) error {
	if !kept {
		return c.barrier()
	}
	before := r.keptOf(c.name)
	if _, err := c.ask(); err != nil {
		return err
	}
	return r.waitKept(c.name, before)
}

// hangUp follows the end of the machine, as of a process: what was said is
// still read, then connections are closed.
func (r *runner) hangUp() error {
	if r.ended {
		return nil
	}
	r.ended = true
	r.vm.Close()
	for _, c := range r.client {
		if err := c.closed(); err != nil {
			return fmt.Errorf("client %s: %w", c.name, err)
		}
	}
	return nil
}
