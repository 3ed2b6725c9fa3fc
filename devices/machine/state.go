package machine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// unknownSection is QEMU's word for state that nobody here has a use for.
const unknownSection = "Unknown section or instance '%s' 0. " +
	"Make sure that your current VM setup matches your saved VM setup, including any hotplugged devices"

// Save returns the state of every object that has any, parents first.
func (m mover) Save() ([]migration.Section, error) {
	var list []migration.Section
	var err error
	away := m.away()
	m.Tree().Root().Walk(func(o *qom.Object) bool {
		if away[o] {
			return true
		}
		if err = blocked(o); err != nil {
			return false
		}
		s := m.stater(o)
		if s == nil {
			return true
		}
		raw, e := vmstate.Save(s)
		var blocked vmstate.Blocked
		switch {
		case errors.As(e, &blocked):
			err = blocked
		case errors.Is(e, vmstate.ErrNotMigratable):
			err = fmt.Errorf("State blocked by non-migratable device '%s'", stateName(o))
		case e != nil:
			err = fmt.Errorf("%s: %w", o.Path(), e)
		case raw != nil:
			list = append(list, migration.Section{Path: o.Path(), Name: stateName(o), Type: o.TypeName(), State: raw})
		}
		return err == nil
	})
	return list, err
}

// blocked refuses a device that is never carried.
func blocked(o *qom.Object) error {
	d := qdev.From(o)
	switch {
	case d == nil:
	case d.Unmigratable():
		return fmt.Errorf("State blocked by non-migratable device '%s'", stateName(o))
	case d.Blocker() != "":
		return errors.New(d.Blocker())
	}
	return nil
}

// Blockers lists why the machine cannot migrate, the latest device first.
func (m mover) Blockers() []string {
	var list []string
	m.Tree().Root().Walk(func(o *qom.Object) bool {
		switch d := qdev.From(o); {
		case d == nil || !d.Realized():
		case d.Unmigratable():
			list = append(list, "non-migratable device: "+stateName(o))
		case d.Blocker() != "":
			list = append(list, d.Blocker())
		}
		return true
	})
	slices.Reverse(list)
	return list
}

// stater is who tells the state of an object, nil for nobody.
func (m mover) stater(o *qom.Object) vmstate.Stater {
	if o == m.object {
		return machineState(m)
	}
	s, _ := o.Self().(vmstate.Stater)
	return s
}

// stateName is what QEMU calls an object in such messages: its place, its type.
func stateName(o *qom.Object) string {
	if place := placeOf(o); place != "" {
		return place + "/" + o.TypeName()
	}
	return o.TypeName()
}

// placeOf is where a device sits on its bus, empty for what is no device or has
// no such place.
func placeOf(o *qom.Object) string {
	if d := qdev.From(o); d != nil && d.Bus() != nil {
		return qdev.BusAddress(d)
	}
	return ""
}

// Load gives the objects of a machine their state. What is here and what came
// must be the same objects.
func (m mover) Load(sections []migration.Section) error {
	m.env.Memory.Begin()
	defer m.env.Memory.Commit()
	loaded := map[*qom.Object]bool{}
	var later vmstate.Later
	for _, s := range sections {
		o, _ := m.Tree().Resolve(s.Path, "")
		if o == nil || o.TypeName() != s.Type || m.stater(o) == nil || loaded[o] {
			return fmt.Errorf(unknownSection, s.Name)
		}
		if err := vmstate.Load(m.stater(o), s.State, &later); err != nil {
			return fmt.Errorf("error while loading state for instance 0x0 of device '%s': %w", s.Name, err)
		}
		loaded[o] = true
	}
	if err := m.missing(loaded); err != nil {
		return err
	}
	for i := 0; i < len(later.Loaded); i++ { // they may add to the list
		later.Loaded[i]()
	}
	m.unfinished = later.Started
	return nil
}

// missing looks for objects that got no state although they have some.
func (m mover) missing(loaded map[*qom.Object]bool) error {
	var err error
	m.Tree().Root().Walk(func(o *qom.Object) bool {
		if s := m.stater(o); s != nil && !loaded[o] {
			if raw, e := vmstate.Save(s); e == nil && raw != nil {
				err = fmt.Errorf("the stream has no state of '%s'", stateName(o))
			}
		}
		return err == nil
	})
	return err
}

// machineState is the state of the machine itself.
type machineState mover

// VMState implements [vmstate.Stater].
func (s machineState) VMState(f *vmstate.Fields) {
	m := s.Machine
	state := m.haltedFrom
	if m.state != FinishMigrate && m.state != SaveVM {
		state = m.state
	}
	f.Field("run-state", &state)
	if f.Loading() && m.state == InMigrate {
		m.haltedFrom = state
		if !state.transferable() {
			f.Fail(fmt.Errorf("field 'run-state': '%s' is no state to go on from", state))
		}
	}
	now := m.clock.Now()
	f.Field("clock", &now)
	if f.Loading() {
		m.clock.set(now)
	}
	f.Field("sleeping", &m.sleeping)
	f.Field("firmware-ran", &m.firmwareRan)
	f.Field("guest-events", &m.guestPending)
	m.env.VMState(f)
	if m.board != nil {
		f.Group("board", m.board.VMState)
	}
	s.guest(f)
}

// guest is what the guest has in mind; both sides must have the same kind.
func (s machineState) guest(f *vmstate.Fields) {
	kind := ""
	linux, _ := s.Machine.guest.(*guest.Linux)
	if linux != nil {
		kind = "linux"
	}
	sent := kind
	f.Field("guest-kind", &sent)
	switch {
	case sent != kind:
		f.Fail(fmt.Errorf("the guest received is '%s' and local is '%s'", sent, kind))
	case linux != nil:
		f.Group("guest", linux.VMState)
	}
}
