package commands

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/qmp"
)

// lifetime registers the commands that only qomd has: who holds an object,
// which storages drain, and by which rules.
func (c *Commands) lifetime() {
	qmp.Register(c.set, "x-query-references", qmp.Unstable, c.queryReferences)
	qmp.Register(c.set, "x-query-storage", qmp.Unstable, c.queryStorage)
	qmp.Register(c.set, "x-query-draining", qmp.Unstable, c.queryDraining)
	qmp.Register(c.set, "x-query-lifetime", qmp.Unstable, c.queryLifetime)
	qmp.Register(c.set, "x-lifetime-watch", qmp.Unstable, c.lifetimeWatch)
}

func (c *Commands) queryReferences(_ *qmp.Call, a pathArgs) ([]lifetime.Reference, error) {
	o, err := c.resolve(a.Path, true)
	if err != nil {
		return nil, err
	}
	return lifetime.References(o), nil
}

// queryStorage tells of the storage that an object lives in: of the object that
// owns it and all embedded in it.
func (c *Commands) queryStorage(_ *qmp.Call, a pathArgs) (lifetime.Storage, error) {
	o, err := c.resolve(a.Path, true)
	if err != nil {
		return lifetime.Storage{}, err
	}
	return lifetime.Of(o), nil
}

func (c *Commands) queryDraining(*qmp.Call, none) ([]lifetime.Storage, error) {
	return lifetime.Draining(c.m.Tree()), nil
}

// lifetimeStatus is what x-query-lifetime returns.
type lifetimeStatus struct {
	Model      string               `json:"model"`
	Violations uint64               `json:"violations"`
	Last       string               `json:"last-violation,omitempty"`
	Storages   int                  `json:"storages"`
	Draining   int                  `json:"draining"`
	Late       uint64               `json:"late-accesses"`
	Waiting    []string             `json:"grace-period"`
	Unplugging []lifetime.Unplug    `json:"unplugging"`
	Watch      lifetimeWatchOptions `json:"watch"`
}

func (c *Commands) queryLifetime(*qmp.Call, none) (lifetimeStatus, error) {
	t, mem := c.m.Tree(), c.m.Env().Memory
	n, last := c.m.Violations()
	w := c.m.Watching()
	draining := w.Draining.Seconds()
	s := lifetimeStatus{
		Model: c.m.Lifetime().Model.String(), Violations: n, Last: last, Storages: t.Live(), Draining: len(t.Draining()),
		Late: mem.Stats().Late, Waiting: mem.Reclaimer.Waiting(), Unplugging: []lifetime.Unplug{},
		Watch: lifetimeWatchOptions{Draining: &draining, Freed: &w.Freed},
	}
	if s.Waiting == nil {
		s.Waiting = []string{}
	}
	for _, d := range c.m.Unplugging() {
		u := lifetime.Unplug{
			Type: d.TypeName(), Device: d.ID(), Path: d.Path(), Generation: d.Storage().Generation(),
			Age: (t.Now() - d.UnplugSince()) / int64(time.Microsecond), Unrealized: !d.Realized(), BlockedBy: []string{},
		}
		for _, b := range d.Blockers() {
			u.BlockedBy = append(u.BlockedBy, b.Err.Error())
		}
		s.Unplugging = append(s.Unplugging, u)
	}
	return s, nil
}

// lifetimeWatchOptions choose the events X_STORAGE_DRAINING, after how many
// seconds of virtual time, and X_STORAGE_FREED. What is absent stays as it is.
type lifetimeWatchOptions struct {
	Draining *float64 `json:"draining-after,omitempty"`
	Freed    *bool    `json:"freed,omitempty"`
}

// maxWatch is a century; longer durations do not fit the clock.
const maxWatch = 100 * 365 * 24 * 3600

func (c *Commands) lifetimeWatch(_ *qmp.Call, a lifetimeWatchOptions) (none, error) {
	w := c.m.Watching()
	if a.Draining != nil {
		if !(*a.Draining >= 0 && *a.Draining <= maxWatch) {
			return none{}, fmt.Errorf("Parameter 'draining-after' expects a value between 0 and %d", maxWatch)
		}
		w.Draining = time.Duration(*a.Draining * float64(time.Second))
	}
	if a.Freed != nil {
		w.Freed = *a.Freed
	}
	c.m.Watch(w)
	return none{}, nil
}
