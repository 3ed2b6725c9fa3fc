package machine

import (
	"time"

	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Watch says which ends of storage are told to the monitors.
type Watch struct {
	// Draining is the virtual time after which X_STORAGE_DRAINING tells of
	// storage that has left the tree and is still held; 0: never.
	Draining time.Duration
	// Freed has X_STORAGE_FREED tell of all storage that had left the tree.
	Freed bool
}

// lifetimes are the rules by which the objects of a machine end, and what became
// of them.
type lifetimes struct {
	rules      lifetime.Rules
	watch      Watch
	violations uint64
	last       string // violation
}

// violation is the data of X_LIFETIME_VIOLATION.
type violation struct {
	Kind       string `json:"kind"`
	Type       string `json:"type"`
	Path       string `json:"path,omitempty"`
	Generation uint64 `json:"generation"`
	Text       string `json:"text"`
	Site       string `json:"site,omitempty"`
	Earlier    string `json:"earlier,omitempty"`
}

// freed is the data of X_STORAGE_FREED.
type freed struct {
	Type       string `json:"type"`
	Path       string `json:"path"`
	Generation uint64 `json:"generation"`
	Drained    int64  `json:"drained"` // microseconds
	LastHolder string `json:"last-holder,omitempty"`
}

// takeLifetime makes the rules of the options those of the tree.
func (m *Machine) takeLifetime() error {
	rules, err := lifetime.ParseRules(m.opts.Lifetime)
	if err != nil {
		return err
	}
	m.lifetimes.rules = rules
	m.env.Lifetime = rules.Model
	t := m.env.Tree
	rules.Apply(t)
	t.OnDrain, t.OnFreed = m.storageDrains, m.storageFreed
	return nil
}

// Lifetime returns the rules by which the machine's objects end.
func (m *Machine) Lifetime() lifetime.Rules { return m.lifetimes.rules }

// Violations returns how many lifetime rules were broken since the machine was
// made, and the last of them in words.
func (m *Machine) Violations() (n uint64, last string) {
	return m.lifetimes.violations, m.lifetimes.last
}

// Watch chooses which ends of storage are told to the monitors from now on, and
// returns what was told before.
func (m *Machine) Watch(w Watch) (before Watch) {
	before, m.lifetimes.watch = m.lifetimes.watch, w
	if w.Draining != before.Draining {
		for _, s := range m.env.Tree.Draining() {
			m.storageDrains(s)
		}
	}
	return before
}

// Watching returns what is told.
func (m *Machine) Watching() Watch { return m.lifetimes.watch }

// storageDrains is told of storage whose owner has left the tree.
func (m *Machine) storageDrains(s *qom.Storage) {
	after := m.lifetimes.watch.Draining
	if after <= 0 {
		return
	}
	m.clock.AfterFunc(after, func() {
		if !s.Freed() && m.lifetimes.watch.Draining == after {
			m.emit("X_STORAGE_DRAINING", lifetime.Of(s.Root()))
		}
	})
}

// storageFreed is told of every storage's end.
func (m *Machine) storageFreed(s *qom.Storage) {
	if !m.lifetimes.watch.Freed || s.FormerPath() == "" {
		return
	}
	drained, last := s.Drain()
	m.emit("X_STORAGE_FREED", freed{
		Type: s.TypeName(), Path: s.FormerPath(), Generation: s.Generation(), Drained: drained.Microseconds(), LastHolder: last,
	})
}

// violated reports a broken lifetime rule: as an event, in the log, and to
// whoever runs the machine.
func (m *Machine) violated(v qom.Violation) {
	m.lifetimes.violations++
	m.lifetimes.last = v.Error()
	m.log.Error("lifetime violation", "kind", v.Kind.String(), "type", v.Type, "path", v.Path,
		"generation", v.Generation, "text", v.Text, "site", v.Site, "earlier", v.Earlier)
	m.emit("X_LIFETIME_VIOLATION", violation{v.Kind.String(), v.Type, v.Path, v.Generation, v.Text, v.Site, v.Earlier})
	if m.OnViolation != nil {
		m.OnViolation(v)
	}
}

// Unplugging lists the devices that were asked to leave and have not, in the
// order of the tree.
func (m *Machine) Unplugging() []*qdev.Device {
	var list []*qdev.Device
	for _, c := range []*qom.Object{m.env.Peripheral, m.env.PeripheralAnon} {
		for _, o := range c.Children() {
			if d := qdev.From(o); d != nil && d.UnplugPending() {
				list = append(list, d)
			}
		}
	}
	return list
}
