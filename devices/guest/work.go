package guest

import (
	"slices"
	"time"
)

// socket is a place that devices come to and leave from, by the registers of
// its mechanism.
type socket interface {
	place() Place
	// occupied reports whether there is something to let go.
	occupied() bool
	// begin shows that a request is being worked on.
	begin()
	// decline ends work on a request with the device staying.
	decline()
	// eject lets the device go.
	eject()
	// power completes the arrival of a device.
	power()
	// device is the PCI device in there, if it is one that can be reached.
	device() (bus, dev uint8, ok bool)
}

// errand is something that the guest is about to do, or is stuck with.
type errand struct {
	s      socket
	place  Place
	leave  bool // the device is to go; otherwise it has come
	begun  bool // shown to the outside
	drain  bool // waits for the drivers' requests
	wanted bool // asked to go while it was arriving

	step    step   // what comes next
	pressed bool   // with stepArrived: the attention button was
	due     int64  // when, in virtual time
	cancel  func() // nil: nothing comes by itself
}

// step is how an errand goes on.
type step uint8

const (
	stepAnswer  step = iota + 1 // to a request
	stepRelease                 // the driver has had its time
	stepArrived                 // the device is ready
)

// asked is told that the hardware wants the device in s to go. It reports
// whether the guest takes note.
func (l *Linux) asked(s socket) bool {
	t := l.temper(s.place())
	switch t.answer() {
	case Ignore, Hang:
		return false
	}
	if e := l.errand(s.place()); e != nil {
		e.wanted = true
		return true
	}
	l.see(s, t)
	return true
}

// see begins with what the guest does about a request for the device in s.
func (l *Linux) see(s socket, t Temper) {
	e := &errand{s: s, place: s.place(), leave: true}
	l.errands = append(l.errands, e)
	l.later(e, l.delay(t), stepAnswer)
}

// came is told that a device is new in s.
func (l *Linux) came(s socket, pressed bool) {
	t := l.temper(s.place())
	if t.answer() == Hang || l.errand(s.place()) != nil {
		return
	}
	e := &errand{s: s, place: s.place()}
	l.errands = append(l.errands, e)
	if t.PowerOn > 0 || t.answer() == Busy {
		e.begun = true
		s.begin()
	}
	if t.answer() == Busy {
		return // until the temper changes
	}
	e.pressed = pressed
	l.later(e, t.PowerOn, stepArrived)
}

// arrived ends the arrival of a device and turns to what it was asked meanwhile,
// or what its temper makes the guest do next, by itself.
func (l *Linux) arrived(e *errand) {
	l.forget(e)
	if !e.s.occupied() {
		return
	}
	e.s.power()
	t := l.temper(e.place)
	if e.wanted || t.own() || e.pressed && t.answer() == Misread {
		l.see(e.s, t)
	}
}

// answer does what the temper of the place says about a request, as it is now.
func (l *Linux) answer(e *errand) {
	t := l.temper(e.place)
	if !e.s.occupied() {
		l.forget(e)
		return
	}
	switch t.answer() {
	case Ignore, Hang:
		l.forget(e)
		return
	case Refuse:
		l.forget(e)
		e.s.decline()
		return
	case Surprise:
		l.forget(e)
		e.s.eject()
		return
	}
	e.begun = true
	e.s.begin()
	switch t.answer() {
	case Busy:
	case Die:
		l.dead = true
		l.cancelAll()
	default:
		l.letGo(e)
	}
}

// letGo lets a device go once its driver has: that takes its time, and as long
// as requests are under way.
func (l *Linux) letGo(e *errand) {
	l.loadAll(e.s)
	l.later(e, l.temper(e.place).Release, stepRelease)
}

// release ends a device's drivers and the device's stay, unless there is
// something to wait for.
func (l *Linux) release(e *errand) {
	if e.drain = l.busy(e.s); e.drain {
		return
	}
	l.forget(e)
	if e.s.occupied() {
		l.stopDrivers(e.s)
		e.s.eject()
	}
}

// drained goes on with what waited for requests that have come back.
func (l *Linux) drained() {
	for _, e := range slices.Clone(l.errands) {
		if e.drain && slices.Contains(l.errands, e) {
			l.release(e)
		}
	}
}

// later goes on with an errand once d has passed; at once without a delay.
func (l *Linux) later(e *errand, d time.Duration, next step) {
	e.step = next
	if d <= 0 {
		e.cancel = nil
		l.proceed(e)
		return
	}
	l.wait(e, d)
}

// wait goes on with an errand once d has passed.
func (l *Linux) wait(e *errand, d time.Duration) {
	e.due = l.hw.Now() + int64(d)
	e.cancel = l.hw.AfterFunc(d, func() {
		e.cancel = nil
		if !l.dead {
			l.proceed(e)
		}
	})
}

// proceed takes the next step of an errand.
func (l *Linux) proceed(e *errand) {
	switch e.step {
	case stepAnswer:
		l.answer(e)
	case stepArrived:
		l.arrived(e)
	case stepRelease:
		l.release(e)
	}
}

// delay is how long the guest takes to react this time.
func (l *Linux) delay(t Temper) time.Duration {
	if t.Jitter <= 0 {
		return t.Delay
	}
	return t.Delay + time.Duration(l.chance.Int64N(int64(t.Jitter)))
}

func (l *Linux) errand(p Place) *errand {
	for _, e := range l.errands {
		if e.place == p {
			return e
		}
	}
	return nil
}

func (l *Linux) forget(e *errand) {
	if e.cancel != nil {
		e.cancel()
		e.cancel = nil
	}
	if i := slices.Index(l.errands, e); i >= 0 {
		l.errands = slices.Delete(l.errands, i, i+1)
	}
}

// cancelAll forgets everything that was going on.
func (l *Linux) cancelAll() {
	for len(l.errands) > 0 {
		l.forget(l.errands[len(l.errands)-1])
	}
}

// reconsider takes up everything anew with the tempers as they are now: what
// was stuck may go on, and what was on its way may get stuck.
func (l *Linux) reconsider() {
	for _, e := range slices.Clone(l.errands) {
		if !slices.Contains(l.errands, e) {
			continue
		}
		if e.cancel != nil {
			e.cancel()
			e.cancel = nil
		}
		e.drain = false
		switch {
		case e.leave:
			l.later(e, l.delay(l.temper(e.place)), stepAnswer)
		case l.temper(e.place).answer() != Busy:
			e.pressed = false
			l.later(e, l.temper(e.place).PowerOn, stepArrived)
		}
	}
}
