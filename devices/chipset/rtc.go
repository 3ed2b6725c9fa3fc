package chipset

import (
	"time"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/timer"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// rtc is the real-time clock with its memory. It has a timer while the guest
// waits for its interrupt.
type rtc struct {
	wired
	chip  timer.RTC
	out   pins
	line  bool
	alarm qdev.Alarm
}

func (r *rtc) attach(b *Board, of *part) {
	r.wired.attach(b, of)
	r.chip.Interrupt, r.chip.Changed = r.interrupt, r.changed
	r.chip.PowerOn(r.now())
	r.describe()
}

// now is the machine's time of day in nanoseconds.
func (r *rtc) now() int64 {
	if r.board.opts.Time == nil {
		return 0
	}
	return r.board.opts.Time().UnixNano()
}

func (r *rtc) interrupt(on bool) {
	r.out.set(0, on)
	r.board.lines.level(&r.line, clockInput, on)
}

// changed tells the monitors that the guest has set the clock.
func (r *rtc) changed(seconds int64) {
	if f := r.board.env.Emit; f != nil {
		f("RTC_CHANGE", rtcChange{seconds, r.Path()})
	}
}

type rtcChange struct {
	Offset int64  `json:"offset"`
	Path   string `json:"qom-path"`
}

// update brings the flags up to date, and sets the timer.
func (r *rtc) update() {
	r.alarm.Stop()
	if wait := r.chip.Look(r.now()); wait > 0 {
		r.alarm.Set(&r.Device, time.Duration(wait), "real-time clock", r.update)
	}
}

// Reset implements [qdev.Resetter].
func (r *rtc) Reset() {
	if r.board != nil {
		r.chip.Reset()
		r.update()
	}
}

// Unrealize implements [qdev.Unrealizer].
func (r *rtc) Unrealize() { r.alarm.Stop() }

// WatchOutputs implements [InterruptOutputs].
func (r *rtc) WatchOutputs(name string, f func(output int, level bool)) bool {
	return r.out.watchUnnamed(name, f)
}

// rtcRules are the accesses of its ports: words in their place, byte by byte.
var rtcRules = memory.Rules{Impl: memory.Access{Min: 1, Max: 1}}

func (r *rtc) registers(string) (memory.Ops, *memory.Rules) { return rtcPorts{r}, &rtcRules }

type rtcPorts struct{ *rtc }

func (r rtcPorts) Read(addr uint64, _ int) uint64 {
	v := r.chip.Read(r.now(), addr)
	r.update()
	return uint64(v)
}

func (r rtcPorts) Write(addr uint64, _ int, val uint64) {
	r.chip.Write(r.now(), addr, uint8(val))
	r.update()
}

// VMState implements [vmstate.Stater].
func (r *rtc) VMState(f *vmstate.Fields) {
	r.wired.VMState(f)
	r.chip.VMState(f)
	f.Loaded(func() {
		if r.board != nil {
			r.update()
		}
	})
}

// What firmware finds in the clock's memory.
const (
	cmosEquipment = 0x14 // a coprocessor, a PS/2 mouse
	cmosBase      = 0x15 // memory below 640 KiB, in KiB
	cmosExtended  = 0x17 // above 1 MiB, in KiB, and again at 0x30
	cmosExtended2 = 0x30
	cmosAbove16M  = 0x34 // above 16 MiB, in units of 64 KiB
	cmosBoot3     = 0x38 // the third device to boot from
	cmosBoot      = 0x3d // the first two
	cmosAbove4G   = 0x5b // above 4 GiB, in units of 64 KiB
	cmosCPUs      = 0x5f // processors besides the first
)

// describe writes what the machine has into the clock's memory.
func (r *rtc) describe() {
	m, o := &r.chip.Memory, &r.board.opts
	put := func(at int, v uint64, bytes int) {
		for i := range bytes {
			m[at+i] = uint8(v >> (8 * i))
		}
	}
	above := func(size, limit, unit uint64) uint64 { return min((max(size, limit)-limit)/unit, 0xffff) }
	put(cmosEquipment, 0x06, 1)
	put(cmosBase, min(o.LowRAM/kib, 640), 2)
	put(cmosExtended, above(o.LowRAM, 1<<20, kib), 2)
	put(cmosExtended2, above(o.LowRAM, 1<<20, kib), 2)
	put(cmosAbove16M, above(o.LowRAM, 16<<20, 64*kib), 2)
	put(cmosAbove4G, o.HighRAM/(64*kib), 3)
	put(cmosCPUs, uint64(max(o.Processors, 1)-1), 1)
	put(cmosBoot, 0x12, 1) // disk, floppy
	put(cmosBoot3, 0x30, 1)
}

// brokenTime is C's struct tm, as QEMU shows it.
type brokenTime struct {
	Year  int `json:"tm_year"` // since 1900
	Month int `json:"tm_mon"`  // 0 to 11
	Day   int `json:"tm_mday"`
	Hour  int `json:"tm_hour"`
	Min   int `json:"tm_min"`
	Sec   int `json:"tm_sec"`
}

func newBrokenTime(t time.Time) brokenTime {
	return brokenTime{t.Year() - 1900, int(t.Month()) - 1, t.Day(), t.Hour(), t.Minute(), t.Second()}
}

func registerRTC(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "mc146818rtc", Parent: "isa-device", New: func() qom.Instance { return new(rtc) },
		Properties: []*qom.Property{{Name: "date", Type: "struct tm", Untold: true, Get: func(o *qom.Object) (any, error) {
			b := o.Self().(*rtc).board
			if b == nil || b.opts.Time == nil {
				return brokenTime{}, nil
			}
			r := o.Self().(*rtc)
			return newBrokenTime(r.chip.Time(r.now())), nil
		}}},
	})
}
