package timer_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/timer"
)

// moment is when the clock of the 8254 has ticked n times, in nanoseconds.
func moment(n int64) int64 {
	const frequency = 1193182
	return (n*1_000_000_000 + frequency - 1) / frequency
}

// counter is channel 0 tick by tick, as the data sheet tells of its modes; the
// pulses of modes 2, 4 and 5 last one tick and are high, as in QEMU.
type counter struct {
	mode  uint8
	count int
	left  int // ticks to the next change
	out   bool
}

func start(mode uint8, count int) *counter {
	c := &counter{mode: mode, count: count, left: count}
	if mode == 3 {
		c.out, c.left = true, (count+1)/2
	}
	return c
}

func (c *counter) tick() {
	c.left--
	switch c.mode {
	case 2: // a pulse each time it gets to the end
		if c.out = c.left == 0; c.out {
			c.left = c.count
		}
	case 3: // the longer half is high
		if c.left == 0 {
			c.out = !c.out
			c.left = c.count / 2
			if c.out {
				c.left = (c.count + 1) / 2
			}
		}
	case 4, 5:
		c.out = c.left == 0
	default:
		c.out = c.out || c.left == 0
	}
}

// program writes a control word and a count to a channel.
func program(p *timer.PIT, now int64, channel, mode uint8, count int) {
	p.Write(now, 3, channel<<6|0x30|mode<<1)
	p.Write(now, uint64(channel), uint8(count))
	p.Write(now, uint64(channel), uint8(count>>8))
}

// draw makes a channel 0 in some mode, loaded at some moment, and its model.
func draw(t *rapid.T) (p *timer.PIT, c *counter, began int64) {
	mode := uint8(rapid.IntRange(0, 5).Draw(t, "mode"))
	count := rapid.IntRange(2, 40).Draw(t, "count") // 1 is illegal in modes 2 and 3
	began = moment(rapid.Int64Range(0, 1000).Draw(t, "ticks before"))
	p = new(timer.PIT)
	p.Reset(0)
	program(p, began, 0, mode, count)
	p.Look(began)
	return p, start(mode, count), began
}

// TestModesTickByTick compares what channel 0 puts out, and how often it rose,
// with a counter that counts every tick.
func TestModesTickByTick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c, began := draw(t)
		for tick := int64(0); tick < 150; tick++ {
			var rose uint64
			if tick > 0 {
				before := c.out
				if c.tick(); c.out && !before {
					rose = 1
				}
			}
			n, out, _ := p.Look(began + moment(tick))
			if out != c.out || n != rose {
				t.Fatalf("tick %d: output %v, rose %d times, want %v, %d", tick, out, n, c.out, rose)
			}
		}
	})
}

// TestFollow looks only when channel 0 said that its output changes, as a board
// does: that shows every rise but the last, which may be still to come, and asks
// for few looks. In mode 2, QEMU's pulse then lasts almost a period.
func TestFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c, now := draw(t)
		end := now + moment(400)
		want := 0
		for range 400 {
			before := c.out
			if c.tick(); c.out && !before {
				want++
			}
		}
		seen, looks, before := 0, 0, c.mode == 3
		for now < end {
			_, out, next := p.Look(now)
			if out && !before {
				seen++
			}
			if next <= now {
				t.Fatalf("at %d ns the next change is at %d", now, next)
			}
			before, now = out, next
			looks++
		}
		if seen != want && seen != want-1 {
			t.Errorf("mode %d, count %d: %d rises seen, want %d", c.mode, c.count, seen, want)
		}
		if most := 4*want + 6; looks > most {
			t.Errorf("mode %d, count %d: %d looks for %d rises", c.mode, c.count, looks, want)
		}
	})
}

// TestCount holds what a program reads of a channel that counts down: by one, in
// mode 3 by two, a byte at a time, from a latch that time does not change.
func TestCount(t *testing.T) {
	for _, c := range []struct {
		mode  uint8
		ticks int64
		want  int
	}{
		{0, 0, 1000}, {0, 1, 999}, {0, 1000, 0}, {0, 1001, 0xffff},
		{2, 1, 999}, {2, 999, 1}, {2, 1000, 1000}, {2, 2500, 500},
		{3, 1, 998}, {3, 499, 2}, {3, 500, 1000}, {3, 750, 500},
	} {
		var p timer.PIT
		p.Reset(0)
		program(&p, 0, 1, c.mode, 1000)
		now := moment(c.ticks)
		p.Write(now, 3, 1<<6) // latches
		later := now + 1_000_000
		if got := int(p.Read(later, 1)) | int(p.Read(later, 1))<<8; got != c.want {
			t.Errorf("mode %d, %d ticks: latched %d, want %d", c.mode, c.ticks, got, c.want)
		}
		if got := int(p.Read(now, 1)) | int(p.Read(now, 1))<<8; got != c.want {
			t.Errorf("mode %d, %d ticks: read %d, want %d", c.mode, c.ticks, got, c.want)
		}
	}
}

// TestGate holds which modes start anew when the gate rises.
func TestGate(t *testing.T) {
	for mode, restarts := range []bool{false, true, true, true, false, true} {
		var p timer.PIT
		p.Reset(0)
		program(&p, 0, 2, uint8(mode), 1000)
		p.Channels[2].SetGate(moment(100), true)
		got := int(p.Read(moment(110), 2)) | int(p.Read(moment(110), 2))<<8
		ticks := 110
		if restarts {
			ticks = 10
		}
		want := 1000 - ticks
		if mode == 3 {
			want = 1000 - 2*ticks
		}
		if got < want-2 || got > want+2 { // both moments are rounded
			t.Errorf("mode %d: count %d, want %d", mode, got, want)
		}
	}
}

// TestReadBack latches the status of channels and their counts by one command.
func TestReadBack(t *testing.T) {
	var p timer.PIT
	p.Reset(0)
	program(&p, 0, 0, 2, 100)
	p.Write(0, 3, 2<<6|0x10|4<<1) // channel 2: low byte only, mode 4
	p.Write(0, 2, 50)
	p.Write(moment(10), 3, 0xc0|1<<1|1<<3) // count and status of 0 and 2
	later := moment(60)
	for _, want := range []uint8{0x34, 90, 0} {
		if got := p.Read(later, 0); got != want {
			t.Errorf("channel 0: %#x, want %#x", got, want)
		}
	}
	for _, want := range []uint8{0x18, 40} {
		if got := p.Read(later, 2); got != want {
			t.Errorf("channel 2: %#x, want %#x", got, want)
		}
	}
}
