package machine

import (
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/qom"
)

// mover is the machine as its migration sees it.
type mover struct{ *Machine }

var _ migration.Host = mover{}

// Emit implements [migration.Host], as the others do.
func (m mover) Emit(name string, data any) { m.emit(name, data) }

func (m mover) Descriptors() *chardev.Files { return &m.Files }

func (m mover) MachineType() string { return m.facts.Name }

func (m mover) UUID() string { return m.opts.UUID }

func (m mover) Waiting() bool { return m.state == InMigrate }

func (m mover) HandedOver() bool { return m.state == PostMigrate }

// Blocks lists the memory of the machine and of its devices; a backend that
// nobody uses has none that counts.
func (m mover) Blocks() []migration.Block {
	var list []migration.Block
	taken, away := map[string]bool{}, m.away()
	m.Tree().Root().Walk(func(o *qom.Object) bool {
		r, ok := o.Self().(*memory.Region)
		if ok && r.Stores() && !m.idleBackend(r) && !away[o] {
			name := blockName(r)
			if taken[name] {
				name = r.Path()
			}
			taken[name] = true
			list = append(list, migration.Block{Name: name, Region: r})
		}
		return true
	})
	return list
}

// blockName is what QEMU calls a piece of memory: its label, behind the place of
// the device that it belongs to.
func blockName(r *memory.Region) string {
	if place := placeOf(r.Owner()); place != "" {
		return place + "/" + r.Label()
	}
	return r.Label()
}

// idleBackend reports whether a region is that of a backend without a user.
func (m mover) idleBackend(r *memory.Region) bool {
	if r.Owner() == nil {
		return false
	}
	b, ok := r.Owner().Self().(interface{ Mapped() bool })
	return ok && !b.Mapped()
}

// Halt stops the machine and remembers how it was.
func (m mover) Halt() {
	m.haltedFrom = m.state
	if !m.state.live() {
		m.setState(FinishMigrate)
		return
	}
	m.sleeping = m.state == Suspended
	m.clock.stop()
	m.setState(FinishMigrate)
	m.emit("STOP", nil)
}

// LetGo implements [migration.Host].
func (m mover) LetGo() error { return m.Machine.Blocks.SetActive("", false) }

// Release returns to how it was.
func (m mover) Release() {
	m.resume(m.haltedFrom.live())
}

// resume lets time pass again if it may and the machine's images are its own;
// else it stands still.
func (m mover) resume(live bool) {
	var err error
	if live {
		if err = m.Machine.Blocks.SetActive("", true); err != nil {
			m.log.Error(err.Error())
		}
	}
	switch {
	case err != nil:
		m.setState(Paused)
	case live:
		m.start()
	default:
		m.setState(m.haltedFrom)
	}
}

// Collect implements [migration.Host], as Install does.
func (m mover) Collect() error { return m.TPM.Collect() }

func (m mover) Install() error { return m.TPM.Install() }

func (m mover) GiveUp() { m.setState(PostMigrate) }

// Arrive lets the machine go on as its source was, unless somebody here wants it
// to stand still.
func (m mover) Arrive() {
	switch {
	case m.haltedFrom.live() && !m.startWhenIn:
		m.setState(Paused)
	default:
		m.resume(m.haltedFrom.live())
	}
	m.Redo()
}

func (m mover) Redo() {
	for _, f := range m.unfinished {
		f()
	}
	m.unfinished = nil
}

// Halted calls f while the machine stands still for a moment, as it does for a
// hand-over.
func (m *Machine) Halted(f func() error) error {
	mover{m}.Halt()
	defer mover{m}.Release()
	return f()
}

// live reports whether time passes in a state.
func (s RunState) live() bool { return s == Running || s == Suspended }

// start lets time pass, for a guest that is awake or sleeps.
func (m *Machine) start() {
	next := Running
	if m.sleeping {
		next = Suspended
	}
	m.setState(next)
	m.clock.start()
	m.emit("RESUME", nil)
	m.TPM.Resumed()
	m.tellGuest(guest.Resumed)
}

// Fail ends the machine.
func (m mover) Fail(err error) {
	m.failure = err
	m.exit(1)
}

// Failure is why the machine ended, nil when it did so in good order.
func (m *Machine) Failure() error { return m.failure }

// Await lets a machine whose migration awaits a stream stand still until that
// has come.
func (m *Machine) Await() { m.setState(InMigrate) }
