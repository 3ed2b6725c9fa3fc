package guest

import (
	"maps"
	"slices"
	"time"

	"github.com/qomd/qomd/devices/guest/virtio"
	"github.com/qomd/qomd/devices/vmstate"
)

// VMState saves or loads what the guest knows and is about to do. Its temper is
// the machine's configuration and does not travel.
func (l *Linux) VMState(f *vmstate.Fields) {
	f.Field("ready", &l.ready)
	f.Field("dead", &l.dead)
	chance, err := l.source.MarshalBinary()
	f.Field("chance", &chance)
	if f.Loading() {
		err = l.source.UnmarshalBinary(chance)
	}
	if err != nil {
		f.Fail(err)
	}
	vmstate.Slice(f, "slots", &l.slots, func(at **slot, f *vmstate.Fields) {
		if f.Loading() {
			*at = &slot{l: l}
		}
		s := *at
		f.Field("bus", &s.bus)
		f.Field("devfn", &s.devfn)
		f.Field("secondary", &s.secondary)
		f.Field("capability", &s.cap)
	})
	vmstate.Slice(f, "controllers", &l.controllers, func(at **controller, f *vmstate.Fields) {
		if f.Loading() {
			*at = &controller{l: l}
		}
		c := *at
		f.Field("registers", &c.at)
		f.Field("secondary", &c.secondary)
		f.Field("slots", &c.slots)
		f.Field("first", &c.first)
	})
	numbers := slices.Sorted(maps.Keys(l.buses))
	if f.Loading() {
		l.buses = map[uint8]*bus{}
	}
	f.Grow("buses", len(numbers), func(i int, f *vmstate.Fields) {
		number, b := uint8(0), &bus{}
		if !f.Loading() {
			number, b = numbers[i], l.buses[numbers[i]]
		}
		f.Field("number", &number)
		f.Group("memory", b.memory.state)
		f.Group("ports", b.ports.state)
		f.Group("above", b.above.state)
		l.buses[number] = b
	})
	f.Grow("errands", len(l.errands), l.errandState)
	f.Group("memory", l.memory.state)
	vmstate.Slice(f, "enabled", &l.enabled, (*place).state)
	vmstate.Slice(f, "drivers", &l.functions, func(at **function, f *vmstate.Fields) {
		if f.Loading() {
			*at = &function{l: l}
			(*at).driver = virtio.New(*at)
		}
		(*at).place.state(f)
		f.Group("driver", (*at).driver.VMState)
	})
}

func (p *place) state(f *vmstate.Fields) {
	f.Field("bus", &p.bus)
	f.Field("devfn", &p.devfn)
}

func (r *room) state(f *vmstate.Fields) {
	f.Field("from", &r.from)
	f.Field("to", &r.to)
	vmstate.Slice(f, "taken", &r.taken, func(s *span, f *vmstate.Fields) {
		f.Field("from", &s.from)
		f.Field("to", &s.to)
		f.Field("owner", &s.owner)
	})
}

// errandState is one errand, with the time that is left until its next step.
func (l *Linux) errandState(i int, f *vmstate.Fields) {
	e := &errand{}
	if !f.Loading() {
		e = l.errands[i]
	}
	f.Field("place", &e.place)
	f.Field("leave", &e.leave)
	f.Field("begun", &e.begun)
	f.Field("drain", &e.drain)
	f.Field("wanted", &e.wanted)
	f.Field("step", &e.step)
	f.Field("pressed", &e.pressed)
	waits, left := e.cancel != nil, time.Duration(0)
	if waits {
		left = time.Duration(max(e.due-l.hw.Now(), 0))
	}
	f.Field("waits", &waits)
	f.Field("left", &left)
	if !f.Loading() {
		return
	}
	if e.s = l.socketAt(e.place); e.s == nil {
		return // nothing of that kind is here
	}
	l.errands = append(l.errands, e)
	if waits {
		f.Loaded(func() { l.wait(e, left) })
	}
}

// socketAt returns the socket of a place, nil where there is none.
func (l *Linux) socketAt(p Place) socket {
	switch p.Kind {
	case ACPISlot:
		return &acpiSlot{l, p.Bus, p.Slot}
	case PortSlot:
		for _, s := range l.slots {
			if s.place() == p {
				return s
			}
		}
	case BridgeSlot:
		for _, c := range l.controllers {
			if p.Bus == uint32(c.secondary) {
				return &shpcSlot{c, uint8(p.Slot)}
			}
		}
	default:
		for _, b := range l.slotBlocks() {
			if b.kind == p.Kind && p.Slot < uint32(b.slots) {
				return &registerSlot{l, b, p.Slot}
			}
		}
	}
	return nil
}
