package timer

import (
	"errors"
	"math"
	"math/bits"

	"github.com/qomd/qomd/devices/vmstate"
)

var errNoCount = errors.New("a channel counts from 0")

const (
	second = 1_000_000_000
	// frequency is that of the 8254's clock in Hz.
	frequency = 1193182
	maxCount  = 0x10000
)

// access is which byte of a count is read or written next.
type access uint8

const (
	lowByte     access = 1
	highByte    access = 2
	firstOfTwo  access = 3
	secondOfTwo access = 4
)

// Modes of a channel that differ from each other here, 8254 data sheet, "mode
// definitions". Others are like the first.
const (
	oneShot       = 1
	rateGenerator = 2
	squareWave    = 3
	softStrobe    = 4
	hardStrobe    = 5
)

// Channel is one of the three counters.
type Channel struct {
	Count   uint32 // 1 to 65536
	Loaded  int64  // when, in nanoseconds
	Mode    uint8
	BCD     bool // kept, and without effect
	Gate    bool
	Access  access // as the control word says; 0: none yet
	Reading access
	Writing access
	Low     uint8  // first byte of two
	Latched uint16 // count
	Latch   access // bytes of it that are left, 0: none
	Status  uint8
	Stated  bool // the status is latched
}

// ticks is how often the clock ticked since the count was loaded.
func (c *Channel) ticks(now int64) uint64 { return scale(now-c.Loaded, frequency, second) }

// scale returns t*mul/div, without overflow between.
func scale(t int64, mul, div uint64) uint64 {
	hi, lo := bits.Mul64(uint64(max(t, 0)), mul)
	q, _ := bits.Div64(hi%div, lo, div)
	return q
}

// Out returns the channel's output.
func (c *Channel) Out(now int64) bool {
	d, n := c.ticks(now), uint64(c.Count)
	switch c.Mode {
	case rateGenerator:
		return d%n == 0 && d != 0
	case squareWave:
		return d%n < (n+1)/2
	case softStrobe, hardStrobe:
		return d == n
	}
	return d >= n
}

// next is when the output changes next, [math.MaxInt64] for never.
func (c *Channel) next(now int64) int64 {
	d, n := c.ticks(now), uint64(c.Count)
	at, into := d-d%n, d%n
	switch {
	case c.Mode == rateGenerator && into == 0 && d != 0:
		at += n
	case c.Mode == rateGenerator:
		at += n + 1
	case c.Mode == squareWave && into < (n+1)/2:
		at += (n + 1) / 2
	case c.Mode == squareWave:
		at += n
	case d < n:
		at = n
	case d == n && (c.Mode == softStrobe || c.Mode == hardStrobe):
		at = n + 1
	default:
		return math.MaxInt64
	}
	return max(c.Loaded+int64(scale(int64(at), second, frequency)), now+1)
}

// rises counts how often the output rose after one moment and until another.
func (c *Channel) rises(from, to int64) uint64 {
	a, b, n := c.ticks(from), c.ticks(to), uint64(c.Count)
	switch c.Mode {
	case rateGenerator, squareWave:
		return b/n - a/n
	}
	if a < n && b >= n {
		return 1
	}
	return 0
}

// count is what the counter shows.
func (c *Channel) count(now int64) uint16 {
	d, n := c.ticks(now), uint64(c.Count)
	switch c.Mode {
	case rateGenerator, 6, 7:
		return uint16(n - d%n)
	case squareWave:
		return uint16(n - 2*d%n)
	}
	return uint16(n - d)
}

func (c *Channel) latchCount(now int64) {
	if c.Latch == 0 {
		c.Latched, c.Latch = c.count(now), c.Access
	}
}

func (c *Channel) latchStatus(now int64) {
	if c.Stated {
		return
	}
	c.Stated = true
	c.Status = uint8(c.Access)<<4 | c.Mode<<1
	if c.BCD {
		c.Status |= 1
	}
	if c.Out(now) {
		c.Status |= 0x80
	}
}

func (c *Channel) read(now int64) uint8 {
	switch {
	case c.Stated:
		c.Stated = false
		return c.Status
	case c.Latch == highByte:
		c.Latch = 0
		return uint8(c.Latched >> 8)
	case c.Latch == firstOfTwo:
		c.Latch = highByte
		return uint8(c.Latched)
	case c.Latch != 0:
		c.Latch = 0
		return uint8(c.Latched)
	}
	n := c.count(now)
	switch c.Reading {
	case highByte:
		return uint8(n >> 8)
	case firstOfTwo:
		c.Reading = secondOfTwo
	case secondOfTwo:
		c.Reading = firstOfTwo
		return uint8(n >> 8)
	}
	return uint8(n)
}

// write reports whether the count is complete, and loaded.
func (c *Channel) write(now int64, val uint8) (loaded bool) {
	switch c.Writing {
	case highByte:
		c.load(now, uint32(val)<<8)
	case firstOfTwo:
		c.Low, c.Writing = val, secondOfTwo
		return false
	case secondOfTwo:
		c.Writing = firstOfTwo
		c.load(now, uint32(c.Low)|uint32(val)<<8)
	default:
		c.load(now, uint32(val))
	}
	return true
}

func (c *Channel) load(now int64, count uint32) {
	if count == 0 {
		count = maxCount
	}
	c.Count, c.Loaded = count, now
}

// SetGate drives the gate; where its edge starts the counter it does.
func (c *Channel) SetGate(now int64, on bool) {
	if on && !c.Gate && (c.Mode == oneShot || c.Mode == rateGenerator || c.Mode == squareWave || c.Mode == hardStrobe) {
		c.Loaded = now
	}
	c.Gate = on
}

// PIT is an 8254.
type PIT struct {
	Channels [3]Channel
	looked   int64
}

// Reset returns to the power-on state.
func (p *PIT) Reset(now int64) {
	for i := range p.Channels {
		p.Channels[i] = Channel{Mode: squareWave, Count: maxCount, Loaded: now, Gate: i != 2}
	}
	p.looked = now
}

// Look returns how often the output of channel 0 rose since the last look, what
// it is now, and when that changes next, [math.MaxInt64] for never.
func (p *PIT) Look(now int64) (rose uint64, out bool, next int64) {
	c := &p.Channels[0]
	if now > p.looked {
		rose = c.rises(p.looked, now)
		p.looked = now
	}
	return rose, c.Out(now), c.next(now)
}

// Read reads a register: address 0 to 2 are the channels.
func (p *PIT) Read(now int64, addr uint64) uint8 {
	if addr &= 3; addr < 3 {
		return p.Channels[addr].read(now)
	}
	return 0
}

// Bits of the control word.
const (
	readBack = 3    // for the channel: a read-back command
	noCount  = 0x20 // of it
	noStatus = 0x10
)

// Write writes a register: address 3 is the control word. It reports whether
// channel 0 begins to count anew.
func (p *PIT) Write(now int64, addr uint64, val uint8) (restarted bool) {
	if addr &= 3; addr < 3 {
		return p.Channels[addr].write(now, val) && addr == 0
	}
	if val>>6 == readBack {
		for i := range p.Channels {
			c := &p.Channels[i]
			if val>>(i+1)&1 == 0 {
				continue
			}
			if val&noCount == 0 {
				c.latchCount(now)
			}
			if val&noStatus == 0 {
				c.latchStatus(now)
			}
		}
		return false
	}
	c, how := &p.Channels[val>>6], access(val>>4&3)
	if how == 0 {
		c.latchCount(now)
		return false
	}
	c.Access, c.Reading, c.Writing = how, how, how
	c.Mode, c.BCD = val>>1&7, val&1 != 0
	return false
}

// VMState saves or loads the channels.
func (p *PIT) VMState(f *vmstate.Fields) {
	f.Field("channels", &p.Channels)
	f.Field("looked", &p.looked)
	for i := range p.Channels {
		if f.Loading() && p.Channels[i].Count == 0 {
			f.Fail(errNoCount)
			p.Channels[i].Count = maxCount
		}
	}
}
