package migration

import "time"

// partPatience is how long a migration that was cancelled waits for a guest that
// was asked to let devices go.
const partPatience = 30 * time.Second

// part has the guest let go of the primary devices of failover pairs, and waits
// for it. A migration that is cancelled meanwhile waits too: the guest would let
// go of what it was just given back.
func (o *outgoing) part() error {
	parting := false
	o.m.host.Do(func() {
		o.m.host.Part()
		if parting = o.m.host.Parting(); parting && o.status == Setup {
			o.set(WaitUnplug)
		}
	})
	var late <-chan time.Time
	cancelled := o.ctx.Done()
	for parting {
		o.m.setMoves(false)
		over := false
		select {
		case <-o.wake:
		case <-cancelled:
			late, cancelled = time.After(partPatience), nil
		case <-late:
			over = true
		}
		o.m.setMoves(true)
		o.m.host.Do(func() { parting = o.m.host.Parting() && !o.closed && !over })
	}
	return o.because(nil)
}

// LetGo is told when the guest has let go of a device.
func (m *Migration) LetGo() {
	if m.out != nil {
		m.setMoves(true)
		m.out.poke()
	}
}
