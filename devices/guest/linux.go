package guest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Linux reacts as a booted Linux does: it enables the devices that come and
// acknowledges what the hardware asks it to let go, at once unless its temper
// says otherwise.
type Linux struct {
	hw     Hardware
	opts   Options
	chance *rand.Rand
	source *rand.PCG // of chance
	slots  []*slot   // hot-plug slots of PCI Express ports, found by scanning
	// controllers are the standard hot-plug controllers of bridges.
	controllers []*controller
	buses       map[uint8]*bus // what is given out on each PCI bus, by number
	errands     []*errand
	// functions are those with drivers, in the order in which these started, and
	// memory is what drivers have for themselves.
	functions []*function
	enabled   []place // functions that were switched on, with no driver yet
	memory    room
	ready     bool // the slots are known and the events enabled
	dead      bool // until reset
}

// NewLinux returns a Linux that has not booted yet: it does so at its first
// event.
func NewLinux(hw Hardware, o Options) *Linux {
	l := &Linux{hw: hw, opts: o}
	l.roll()
	return l
}

// roll starts chance anew.
func (l *Linux) roll() {
	l.source = rand.NewPCG(l.opts.Seed, 0)
	l.chance = rand.New(l.source)
}

// Options returns what the guest is like now.
func (l *Linux) Options() Options {
	o := l.opts
	o.Devices = slices.Clone(o.Devices)
	return o
}

// SetOptions changes what the guest is like. It does nothing about it before
// the event [Reconsider]. A new seed starts chance anew.
func (l *Linux) SetOptions(o Options) {
	anew := o.Seed != l.opts.Seed
	l.opts = o
	if anew {
		l.roll()
	}
}

// temper returns how the guest treats what is at a place.
func (l *Linux) temper(p Place) Temper {
	if len(l.opts.Devices) > 0 {
		label := l.hw.Label(p)
		for _, d := range l.opts.Devices {
			if d.Device == label {
				return d.Temper
			}
		}
	}
	return l.opts.Temper
}

// Handle reacts to an event.
func (l *Linux) Handle(e Event) {
	switch e {
	case WasReset:
		l.cancelAll()
		l.ready, l.dead = false, false
		l.forgetDrivers()
		return
	case NMI:
		return // logged and ignored
	}
	if l.dead || l.opts.Temper.Answer == Hang {
		return
	}
	if !l.ready {
		l.boot()
	}
	switch e {
	case PowerButton:
		if l.opts.Temper.Answer != Ignore {
			l.powerOff()
		}
		return
	case Reconsider:
		l.loadAll(nil)
		l.reconsider()
	}
	l.serveDrivers()
	l.drained()
	l.acpiHotplug(e == Reconsider)
	l.slotHotplug(e == Reconsider)
	l.pcieHotplug()
	l.shpcHotplug()
}

// boot enables the general-purpose event of PCI hot-plug, numbers the PCI buses
// and switches on what is there.
func (l *Linux) boot() {
	t := l.hw.Tables()
	if t.GPEEnable != 0 {
		if t.CPUs > 0 {
			l.hw.Out(t.CPUHotplug, 4, 0) // selects a processor, and asks earlier QEMUs for these registers
		}
		l.hw.Out(t.GPEEnable, 1, l.hw.In(t.GPEEnable, 1)|gpePCIHotplug|slotEvents(t))
	}
	l.slots, l.controllers, l.buses = nil, nil, map[uint8]*bus{}
	l.forgetDrivers()
	if l.present(0, 0) {
		l.scanRoot()
		l.startDrivers()
	}
	l.ready = true
}

// Eject lets the device of a label go without being asked, as somebody inside
// the guest may choose to. The machine must run.
func (l *Linux) Eject(label string) error {
	if l.dead || !l.ready {
		return errors.New("the guest does not run")
	}
	for _, s := range l.sockets() {
		if l.hw.Label(s.place()) != label || !s.occupied() {
			continue
		}
		e := l.errand(s.place())
		if e == nil {
			e = &errand{s: s, place: s.place(), leave: true}
			l.errands = append(l.errands, e)
		}
		e.begun = true
		s.begin()
		l.letGo(e)
		return nil
	}
	return fmt.Errorf("the guest sees no device '%s' that it could eject", label)
}

// sockets lists everything that the guest can eject.
func (l *Linux) sockets() []socket {
	var list []socket
	for selector := range l.hw.Tables().Buses {
		for n := range uint32(32) {
			list = append(list, &acpiSlot{l, uint32(selector), n})
		}
	}
	for _, s := range l.slots {
		list = append(list, s)
	}
	for _, c := range l.controllers {
		for _, s := range c.all() {
			list = append(list, s)
		}
	}
	for _, b := range l.slotBlocks() {
		for n := range b.slots {
			list = append(list, &registerSlot{l, b, uint32(n)})
		}
	}
	return list
}
