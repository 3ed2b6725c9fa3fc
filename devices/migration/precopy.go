package migration

import (
	"time"

	"github.com/qomd/qomd/devices/memory"
)

// chunk is how much memory is copied under the lock at once, in bytes.
const chunk = 1 << 20

// precopy sends the memory while the machine runs, and what changed meanwhile,
// until little enough is left or a user wants the rest to come later.
func (o *outgoing) precopy() error {
	for {
		if err := o.pass(); err != nil {
			return err
		}
		if o.wantsPostcopy() {
			return nil
		}
		enough := false
		o.m.host.Do(func() {
			changed := o.memory.scan()
			o.figures.syncs++
			o.figures.dirty += uint64(changed)
			o.figures.left = uint64(changed) * memory.PageSize
			if o.m.Has("events") {
				o.m.host.Emit("MIGRATION_PASS", passData{o.figures.syncs})
			}
			enough = o.shortEnough(uint64(changed) * pageCost)
		})
		if err := o.because(nil); err != nil || enough {
			return err
		}
	}
}

// shortEnough reports whether so many bytes can be sent within the time that
// the machine may stand still.
func (o *outgoing) shortEnough(bytes uint64) bool {
	rate := o.m.switchoverRate()
	return rate == 0 || float64(bytes)/float64(rate) <= o.m.downtimeLimit().Seconds()
}

// pass sends what the walk still has to send.
func (o *outgoing) pass() error {
	for {
		var out []byte
		var cost uint64
		var done bool
		o.m.host.Do(func() {
			o.pace.rate = o.m.rate("max-bandwidth")
			out, cost, done = o.memory.next(o.pace.budget(), &o.figures)
			o.figures.precopy += cost
		})
		if err := o.write(out); err != nil {
			return err
		}
		if err := o.pace.spend(o.ctx, o.wake, cost); err != nil {
			return o.because(err)
		}
		if done || o.wantsPostcopy() {
			return o.because(nil)
		}
	}
}

func (o *outgoing) wantsPostcopy() (yes bool) {
	o.m.host.Do(func() { yes = o.late })
	return yes
}

// switchOver stops the machine and sends its state.
func (o *outgoing) switchOver() error {
	paused := false
	o.m.host.Do(func() {
		if o.ctx.Err() != nil {
			return
		}
		o.m.host.Halt()
		o.halted, o.figures.halted = true, time.Now()
		if paused = o.m.Has("pause-before-switchover") && !o.late; paused {
			o.set(PreSwitchover)
			o.m.setMoves(false)
		}
	})
	if paused {
		if err := o.waitForUser(); err != nil {
			return err
		}
	}
	if err := o.m.host.Collect(); err != nil {
		return o.because(err)
	}
	var out []byte
	var err error
	o.m.host.Do(func() {
		if err = o.because(nil); err == nil {
			out, err = o.capture()
		}
	})
	if err != nil {
		return err
	}
	if err := o.write(out); err != nil {
		return err
	}
	o.m.host.Do(func() {
		o.figures.downtime = time.Since(o.figures.halted)
		if o.late {
			o.set(PostcopyActive)
		}
	})
	return nil
}

// waitForUser waits until migrate-continue lets it go on.
func (o *outgoing) waitForUser() error {
	for {
		select {
		case <-o.ctx.Done():
			o.m.host.Do(func() { o.err = errInterrupted })
			return errCancelled
		case <-o.wake:
		}
		on := false
		o.m.host.Do(func() { on = o.goOn })
		if on {
			return nil
		}
	}
}

// capture copies the state, and what of the memory has changed unless that may
// come later. The machine is stopped; its lock is held.
func (o *outgoing) capture() ([]byte, error) {
	o.set(Device)
	var out []byte
	o.memory.scan()
	if !o.late {
		var cost uint64
		out, cost, _ = o.memory.next(unlimited, &o.figures)
		o.figures.stopped += cost
	}
	content, err := o.m.state()
	if err == nil {
		err = o.m.host.LetGo()
	}
	if err != nil {
		return nil, err
	}
	o.figures.devices += uint64(len(content))
	if o.late {
		o.set(PostcopyDevice)
		out = appendRecord(out, recordPostcopy)
	}
	return appendRecord(out, recordState, content), nil
}

// state is the content of the record of the devices.
func (m *Migration) state() ([]byte, error) {
	sections, err := m.host.Save()
	if err != nil {
		return nil, err
	}
	return encodeState(state{Plan: m.host.Plugs(), Sections: sections})
}
