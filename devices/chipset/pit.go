package chipset

import (
	"math"
	"time"

	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/timer"
	"github.com/qomd/qomd/devices/vmstate"
)

// pit is the interval timer. Nobody runs at each of its ticks: what happened is
// made up for when somebody looks at it or at what its interrupt leads to. It has
// a timer only where time is stepped and somebody watches interrupts.
type pit struct {
	wired
	chip    timer.PIT
	out     pins
	line    bool  // asserts its interrupt
	next    int64 // when that changes next, as it was known at the last look
	watched bool
	alarm   qdev.Alarm
}

func (p *pit) attach(b *Board, of *part) {
	p.wired.attach(b, of)
	b.pit = p
	p.chip.Reset(p.now())
}

func (p *pit) now() int64 { return p.Env().Clock.Now() }

// lookAtTimer brings the timer's interrupt up to date.
func (b *Board) lookAtTimer() {
	p := b.pit
	if p == nil || p.alarm.Armed() || !p.Realized() || p.now() < p.next {
		return
	}
	_, on, _ := p.chip.Look(p.next) // a new control word shows here at the earliest
	p.drive(on)
	rose, on, next := p.chip.Look(p.now())
	p.next = next
	if rose > 0 {
		p.drive(false)
		p.drive(true)
		b.countTicks(rose - 1)
	}
	if on != p.line {
		p.drive(on)
	}
}

// update drives the interrupt as the time says.
func (p *pit) update() {
	_, on, next := p.chip.Look(p.now())
	p.next = next
	p.drive(on)
	p.arm()
}

// arm sets the timer, if there is to be one.
func (p *pit) arm() {
	p.alarm.Stop()
	if p.watched && p.next != math.MaxInt64 {
		p.alarm.Set(&p.Device, time.Duration(p.next-p.now()), "interval timer", p.update)
	}
}

// watchTimer is called when somebody begins to watch an interrupt.
func (b *Board) watchTimer() {
	b.lookAtTimer()
	if b.pit != nil && b.opts.Stepped {
		b.pit.watched = true
		b.pit.arm()
	}
}

// NextTick returns when the interval timer's interrupt changes next, in virtual
// time, [math.MaxInt64] for never.
func (b *Board) NextTick() int64 {
	b.lookAtTimer()
	if b.pit == nil {
		return math.MaxInt64
	}
	return b.pit.next
}

// drive drives the interrupt, also where it does not change: who watches sees
// what it is.
func (p *pit) drive(on bool) {
	p.out.set(0, on)
	if p.line == on {
		p.board.drivePins(timerInput, p.board.lines.count[timerInput] > 0)
		return
	}
	p.board.lines.level(&p.line, timerInput, on)
}

// countTicks counts ticks of the timer that nobody saw one by one.
func (b *Board) countTicks(n uint64) {
	b.isaCounts.rose[timerInput] += n
	b.ioapic.counts.rose[timerInput] += n
}

// Reset implements [qdev.Resetter].
func (p *pit) Reset() {
	if p.board == nil {
		return
	}
	p.chip.Reset(p.now())
	p.update()
}

// Unrealize implements [qdev.Unrealizer].
func (p *pit) Unrealize() { p.alarm.Stop() }

// WatchOutputs implements [InterruptOutputs].
func (p *pit) WatchOutputs(name string, f func(output int, level bool)) bool {
	if name == unnamedOutputs {
		p.board.watchTimer()
	}
	return p.out.watchUnnamed(name, f)
}

func (p *pit) registers(string) (memory.Ops, *memory.Rules) { return pitPorts{p}, &acpi.ByteRules }

type pitPorts struct{ *pit }

func (p pitPorts) Read(addr uint64, _ int) uint64 { return uint64(p.chip.Read(p.now(), addr)) }

func (p pitPorts) Write(addr uint64, _ int, val uint64) {
	p.board.lookAtTimer()
	if p.chip.Write(p.now(), addr, uint8(val)) { // a new control word alone does not show
		p.update()
	}
}

// VMState implements [vmstate.Stater].
func (p *pit) VMState(f *vmstate.Fields) {
	p.wired.VMState(f)
	p.chip.VMState(f)
	f.Loaded(p.update)
}
