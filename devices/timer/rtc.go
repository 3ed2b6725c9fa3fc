package timer

import (
	"time"

	"github.com/qomd/qomd/devices/vmstate"
)

// Places in the memory of the clock, MC146818 data sheet figure 2; the century is
// where PCs have it, twice.
const (
	rtcSeconds      = 0x00
	rtcSecondsAlarm = 0x01
	rtcMinutes      = 0x02
	rtcMinutesAlarm = 0x03
	rtcHours        = 0x04
	rtcHoursAlarm   = 0x05
	rtcDayOfWeek    = 0x06
	rtcDay          = 0x07
	rtcMonth        = 0x08
	rtcYear         = 0x09
	rtcA            = 0x0a
	rtcB            = 0x0b
	rtcC            = 0x0c
	rtcD            = 0x0d
	rtcCentury      = 0x32
	rtcCenturyPS2   = 0x37
)

// Bits of the registers.
const (
	aUpdating = 0x80 // the time is about to change
	aDivider  = 0x70 // up to 2: the clock runs
	aReset    = 0x60 // both: the divider is held in reset
	aRunning  = 0x20
	aRate     = 0x0f

	bSet      = 0x80 // the time stands still
	bUpdate   = 0x10 // interrupt when the time has changed
	bSquare   = 0x08
	bBinary   = 0x04
	b24       = 0x02
	bPM       = 0x80 // of an hour
	hourAlarm = 0xc0 // in an alarm: any

	cPending  = 0x80
	cPeriodic = 0x40
	cAlarm    = 0x20
	cUpdate   = 0x10
	cCauses   = cPeriodic | cAlarm | cUpdate

	dValid = 0x80
)

// tick is a period of the clock's crystal, and how long before it changes the
// time is said to be about to.
const (
	crystal = 32768
	warning = 8 * second / crystal
)

// RTC is an MC146818. Its times are nanoseconds since 1970 as the machine has
// them; the clock itself may differ from that.
type RTC struct {
	Memory [128]uint8
	Index  uint8
	Ahead  int64 // how many seconds the clock is ahead of the machine's time
	Shift  int64 // and nanoseconds, less than a second
	Begin  int64 // how many nanoseconds of its second have passed when the time is set
	Looked int64 // the clock's second when its flags were last brought up to date
	Period int64 // the machine's time when a period last ended
	// Interrupt is told of the interrupt, Changed that the guest has set the time,
	// by so many seconds against the machine's.
	Interrupt func(level bool)
	Changed   func(seconds int64)
}

// PowerOn gives the registers their first values.
func (r *RTC) PowerOn(now int64) {
	r.Memory[rtcA], r.Memory[rtcB], r.Memory[rtcD] = aRunning|6, b24, dValid
	r.Looked = now / second
	r.store(r.Time(now))
}

// at returns the clock's time in seconds since 1970, and nanoseconds.
func (r *RTC) at(now int64) (sec, ns int64) {
	return (now+r.Shift)/second + r.Ahead, (now + r.Shift) % second
}

// Reset switches interrupts off.
func (r *RTC) Reset() {
	r.Memory[rtcB] &^= cPeriodic | cAlarm | bSquare
	r.Memory[rtcC] = 0
	r.Interrupt(false)
}

func (r *RTC) running() bool {
	return r.Memory[rtcB]&bSet == 0 && r.Memory[rtcA]&aDivider <= aRunning
}

func (r *RTC) held() bool { return r.Memory[rtcA]&aReset == aReset }

// encode and decode are how numbers are in memory.
func (r *RTC) encode(n int) uint8 {
	if r.Memory[rtcB]&bBinary != 0 {
		return uint8(n)
	}
	return uint8(n/10<<4 | n%10)
}

func (r *RTC) decode(v uint8) int {
	switch {
	case v&hourAlarm == hourAlarm:
		return -1
	case r.Memory[rtcB]&bBinary != 0:
		return int(v)
	}
	return int(v>>4)*10 + int(v&0xf)
}

// store puts a time into memory, unless it stands still there.
func (r *RTC) store(t time.Time) {
	m := &r.Memory
	if m[rtcB]&bSet != 0 {
		return
	}
	m[rtcSeconds], m[rtcMinutes] = r.encode(t.Second()), r.encode(t.Minute())
	m[rtcHours] = r.encode(t.Hour())
	if m[rtcB]&b24 == 0 {
		m[rtcHours] = r.encode((t.Hour()+11)%12 + 1)
		if t.Hour() >= 12 {
			m[rtcHours] |= bPM
		}
	}
	m[rtcDayOfWeek], m[rtcDay], m[rtcMonth] = r.encode(int(t.Weekday())+1), r.encode(t.Day()), r.encode(int(t.Month()))
	m[rtcYear], m[rtcCentury] = r.encode(t.Year()%100), r.encode(t.Year()/100)
}

// load sets the clock to the time in memory.
func (r *RTC) load(now int64) {
	m := &r.Memory
	hour := r.decode(m[rtcHours] &^ bPM)
	if m[rtcB]&b24 == 0 {
		hour %= 12
		if m[rtcHours]&bPM != 0 {
			hour += 12
		}
	}
	year := r.decode(m[rtcYear]) + 100*r.decode(m[rtcCentury])
	t := int64(dayNumber(year, r.decode(m[rtcMonth]), r.decode(m[rtcDay])))*86400 +
		int64(hour*3600+r.decode(m[rtcMinutes])*60+r.decode(m[rtcSeconds]))
	r.Shift = (r.Begin - now%second + second) % second
	r.Ahead = t - (now+r.Shift)/second
	r.Looked = t
	if r.Changed != nil {
		r.Changed(t - now/second)
	}
}

// dayNumber counts days from 1970 on; as QEMU it does so for dates that are none.
func dayNumber(year, month, day int) int {
	if month < 3 {
		month, year = month+12, year-1
	}
	return day + (153*month-457)/5 + 365*year + year/4 - year/100 + year/400 - 719469
}

// Read reads a register: address 0 is the index, 1 what it points to.
func (r *RTC) Read(now int64, addr uint64) uint8 {
	if addr == 0 {
		return 0xff
	}
	i := r.Index
	if i == rtcCenturyPS2 {
		i = rtcCentury
	}
	switch i {
	case rtcSeconds, rtcMinutes, rtcHours, rtcDayOfWeek, rtcDay, rtcMonth, rtcYear, rtcCentury:
		if r.running() {
			r.store(r.Time(now))
		}
	case rtcA:
		if _, ns := r.at(now); r.running() && ns >= second-warning {
			return r.Memory[rtcA] | aUpdating
		}
	case rtcC:
		r.Look(now)
		v := r.Memory[rtcC]
		r.Memory[rtcC] = 0
		if v&(cUpdate|cAlarm) != 0 {
			r.refresh(now)
		}
		r.Interrupt(false)
		return v
	}
	return r.Memory[i]
}

// Write writes a register.
func (r *RTC) Write(now int64, addr uint64, val uint8) {
	if addr == 0 {
		r.Index = val & 0x7f
		return
	}
	i := r.Index
	if i == rtcCenturyPS2 {
		i = rtcCentury
	}
	r.Look(now)
	switch i {
	case rtcSeconds, rtcMinutes, rtcHours, rtcDayOfWeek, rtcDay, rtcMonth, rtcYear, rtcCentury:
		if r.running() {
			r.Memory[i] = val
			r.load(now)
			r.refresh(now)
			return
		}
	case rtcSecondsAlarm, rtcMinutesAlarm, rtcHoursAlarm:
		r.Memory[i] = val
		r.refresh(now)
		return
	case rtcA:
		r.writeA(now, val&^aUpdating)
		r.refresh(now)
		return
	case rtcB:
		r.writeB(now, val)
		r.refresh(now)
		return
	case rtcC, rtcD:
		return
	}
	r.Memory[i] = val
}

// refresh stores the time as QEMU does when it looks for the next alarm.
func (r *RTC) refresh(now int64) {
	if !r.held() {
		r.store(r.Time(now))
	}
}

func (r *RTC) writeA(now int64, val uint8) {
	switch {
	case val&aReset == aReset:
		if r.running() {
			r.store(r.Time(now))
		}
	case r.held() && val&aDivider <= aRunning && r.Memory[rtcB]&bSet == 0: // it goes on half a second before a change
		r.Begin = second / 2
		r.load(now)
	}
	r.Memory[rtcA] = val
	r.Period = now
}

func (r *RTC) writeB(now int64, val uint8) {
	switch {
	case val&bSet != 0:
		if r.running() {
			r.store(r.Time(now))
		}
		val &^= bUpdate
	case r.Memory[rtcB]&bSet != 0 && r.Memory[rtcA]&aDivider <= aRunning:
		_, r.Begin = r.at(now)
		r.load(now)
	}
	if val&cPeriodic != 0 && r.Memory[rtcB]&cPeriodic == 0 {
		r.Period = now
	}
	r.Memory[rtcB] = val
	r.drive()
}

// drive drives the interrupt as flags and switches say.
func (r *RTC) drive() {
	on := r.Memory[rtcC]&r.Memory[rtcB]&cCauses != 0
	r.Memory[rtcC] &^= cPending
	if on {
		r.Memory[rtcC] |= cPending
	}
	r.Interrupt(on)
}

// period is the time between periodic interrupts, 0 for none.
func (r *RTC) period() int64 {
	n := r.Memory[rtcA] & aRate
	if n == 0 || r.Memory[rtcB]&cPeriodic == 0 {
		return 0
	}
	if n <= 2 {
		n += 7
	}
	return second << (n - 1) / crystal
}

// Look brings the flags up to date, and the interrupt with them. It returns how
// long it is until there is something to do for somebody who waits for an
// interrupt, 0 for nothing.
func (r *RTC) Look(now int64) (wait int64) {
	old := r.Memory[rtcC]
	if p := r.period(); p > 0 {
		if n := (now - r.Period) / p; n > 0 {
			r.Period += n * p
			r.Memory[rtcC] |= cPeriodic
		}
		wait = r.Period + p - now
	}
	sec, ns := r.at(now)
	if !r.held() {
		if sec > r.Looked && old&cUpdate == 0 { // once a flag is up, the next change is not looked at
			r.store(time.Unix(r.Looked+1, 0).UTC())
			r.Memory[rtcC] |= cUpdate
		}
		if t, ok := r.alarm(r.Looked, sec); ok && old&cAlarm == 0 {
			r.store(time.Unix(t, 0).UTC())
			r.Memory[rtcC] |= cAlarm
		}
		if next := second - ns; r.Memory[rtcB]&(cAlarm|bUpdate) != 0 && (wait == 0 || next < wait) {
			wait = next
		}
	}
	r.Looked = sec
	if r.Memory[rtcC] != old {
		r.drive()
	}
	return wait
}

// alarm returns the first time after one second and until another that is the
// alarm's.
func (r *RTC) alarm(after, until int64) (at int64, ok bool) {
	const day = 24 * 3600
	s, m, h := r.decode(r.Memory[rtcSecondsAlarm]), r.decode(r.Memory[rtcMinutesAlarm]), r.alarmHour()
	for t := max(after+1, until-day); t <= until; t++ {
		if (s < 0 || t%60 == int64(s)) && (m < 0 || t/60%60 == int64(m)) && (h < 0 || t/3600%24 == int64(h)) {
			return t, true
		}
	}
	return 0, false
}

func (r *RTC) alarmHour() int {
	v := r.Memory[rtcHoursAlarm]
	if r.Memory[rtcB]&b24 != 0 || v&hourAlarm == hourAlarm {
		return r.decode(v)
	}
	h := r.decode(v&^bPM) % 12
	if v&bPM != 0 {
		h += 12
	}
	return h
}

// Time is what the clock shows when it is the given time for the machine.
func (r *RTC) Time(now int64) time.Time { return time.Unix(r.at(now)).UTC() }

// VMState saves or loads registers and memory.
func (r *RTC) VMState(f *vmstate.Fields) {
	f.Bytes("memory", r.Memory[:])
	f.Field("index", &r.Index)
	f.Field("ahead", &r.Ahead)
	f.Field("shift", &r.Shift)
	f.Field("begin", &r.Begin)
	f.Field("looked", &r.Looked)
	f.Field("period", &r.Period)
	r.Index &= 0x7f
}
