package tpm

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater]. A command that is under way has ended
// before.
func (t *tis) VMState(f *vmstate.Fields) {
	if t.backend == nil {
		return
	}
	f.Bytes("buffer", t.buffer)
	f.Field("offset", &t.at)
	f.Field("localities", &t.localities)
	f.Field("active", &t.active)
	f.Field("aborting", &t.aborting)
	f.Field("next", &t.next)
	line := t.line
	f.Field("line", &line)
	f.Loaded(func() { t.setLine(line) })
	f.Group("tpm", t.backend.VMState)
	t.check(f)
}

// check refuses what no TPM can be in.
func (t *tis) check(f *vmstate.Fields) {
	bad := func(n int) bool { return n < 0 || n >= localities && n != noLocality }
	if f.Loading() && (t.at < 0 || t.at > t.size || bad(t.active) || bad(t.aborting) || bad(t.next)) {
		f.Fail(errState)
		t.at, t.active, t.aborting, t.next = 0, noLocality, noLocality, noLocality
	}
}

// VMState implements [vmstate.Stater].
func (c *crb) VMState(f *vmstate.Fields) {
	if c.backend == nil {
		return
	}
	f.Field("assigned", &c.assigned)
	f.Field("granted", &c.granted)
	f.Field("idle", &c.idle)
	f.Field("failed", &c.failed)
	f.Field("command", &c.command)
	f.Field("response", &c.response)
	f.Field("offset", &c.at)
	f.Group("tpm", c.backend.VMState)
	if !f.Loading() {
		return
	}
	if most := c.backend.driver.bufferSize(); c.at < 0 || c.at > len(c.response) || len(c.command) > most || len(c.response) > most {
		f.Fail(errSize)
		c.forget()
	}
}
