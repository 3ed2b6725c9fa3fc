package acpi

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Sleep is what a guest asks for through the sleep type of PM1 control.
type Sleep uint8

// What sleep types mean.
const (
	SleepOff     Sleep = iota // S5: power off
	SleepSuspend              // S3: suspend to memory
	SleepDisk                 // S4: suspend to disk
)

const (
	pm1Timer       = 1 << 0
	pm1PowerButton = 1 << 8
	pm1Wake        = 1 << 15
	pm1Status      = 0x8731 // bits cleared by writing 1
	pm1SCI         = 1 << 0
	pm1SleepEnable = 1 << 13
	pmTimerHz      = 3579545
	timerHalf      = 1 << 23 // the timer bit sets when the top bit of 24 changes
)

// PM is the fixed power management hardware: events, control, timer.
type PM struct {
	status, enable, control uint16
	s4                      uint8
	overflow                uint64 // timer ticks at which the timer bit sets
	clock                   qdev.Clock
	event, ctrl, timer      memory.Region

	// OnSleep is told when the guest asks to sleep; may be nil.
	OnSleep func(Sleep)
	// Raised is called when an enabled event became pending; may be nil.
	Raised func()
	// Changed is called whenever [PM.Pending] may have changed; may be nil.
	Changed func()
}

// Pending reports whether an event is latched that the guest has enabled.
func (p *PM) Pending() bool { return p.status&p.enable&pm1Status != 0 }

func (p *PM) changed() {
	if p.Changed != nil {
		p.Changed()
	}
}

// Init makes the regions acpi-evt, acpi-cnt and acpi-tmr, of dev, in container
// at the offsets that all PCs use. s4 is the sleep type of suspend to disk.
func (p *PM) Init(dev *qdev.Device, container *memory.Region, s4 uint8) {
	sys, o := dev.Env().Memory, &dev.Object
	p.clock, p.s4 = dev.Env().Clock, s4
	p.event.InitIO(sys, o, memory.Funcs{OnRead: p.readEvent, OnWrite: p.writeEvent}, "acpi-evt", 4)
	p.event.SetRules(&wordRules)
	p.ctrl.InitIO(sys, o, memory.Funcs{OnRead: p.readControl, OnWrite: p.writeControl}, "acpi-cnt", 2)
	p.ctrl.SetRules(&wordRules)
	p.timer.InitIO(sys, o, memory.Funcs{OnRead: p.readTimer}, "acpi-tmr", 4)
	container.AddSubregion(0, &p.event)
	container.AddSubregion(4, &p.ctrl)
	container.AddSubregion(8, &p.timer)
}

var wordRules = memory.Rules{
	Valid: memory.Access{Min: 1, Max: 4, Unaligned: true},
	Impl:  memory.Access{Min: 2, Max: 2},
}

// Reset clears the registers.
func (p *PM) Reset() {
	p.status, p.enable, p.control, p.overflow = 0, 0, 0, 0
	p.changed()
}

// PressPowerButton latches the event, when the guest enabled it.
func (p *PM) PressPowerButton() {
	if p.enable&pm1PowerButton == 0 {
		return
	}
	p.status |= pm1PowerButton
	p.changed()
	if p.Raised != nil {
		p.Raised()
	}
}

// Wake says in the status that the guest woke up, by the power button as QEMU has
// it.
func (p *PM) Wake() {
	p.status |= pm1Wake | pm1PowerButton
	p.changed()
}

// SetSCI switches between ACPI and legacy mode, as writes to the APM port do.
func (p *PM) SetSCI(on bool) {
	p.control &^= pm1SCI
	if on {
		p.control |= pm1SCI
	}
}

func (p *PM) readEvent(addr uint64, _ int) uint64 {
	if addr >= 2 {
		return uint64(p.enable)
	}
	if p.ticks() >= p.overflow {
		p.status |= pm1Timer
	}
	return uint64(p.status)
}

func (p *PM) writeEvent(addr uint64, _ int, val uint64) {
	defer p.changed()
	if addr >= 2 {
		p.enable = uint16(val)
		return
	}
	p.status &^= uint16(val) & pm1Status
	if val&pm1Timer != 0 {
		p.overflow = (p.ticks() + timerHalf) &^ (timerHalf - 1)
	}
}

func (p *PM) readControl(uint64, int) uint64 { return uint64(p.control) }

func (p *PM) writeControl(_ uint64, _ int, val uint64) {
	p.control = uint16(val) &^ pm1SleepEnable
	if val&pm1SleepEnable == 0 || p.OnSleep == nil {
		return
	}
	switch typ := uint8(val >> 10 & 7); {
	case typ == 0:
		p.OnSleep(SleepOff)
	case typ == 1:
		p.OnSleep(SleepSuspend)
	case typ == p.s4:
		p.OnSleep(SleepDisk)
	}
}

func (p *PM) readTimer(uint64, int) uint64 { return p.ticks() & 0xffffff }

// ticks is virtual time in periods of the timer.
func (p *PM) ticks() uint64 {
	now := uint64(p.clock.Now())
	return now/1e9*pmTimerHz + now%1e9*pmTimerHz/1e9
}
