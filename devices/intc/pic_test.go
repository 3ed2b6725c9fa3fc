package intc_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/intc"
)

// plain is an 8259A as its data sheet tells: inputs in a row by priority, each
// with a request, in service, or masked.
type plain struct {
	order                             []int // highest priority first
	line, request, service, masked    [8]bool
	level                             [8]bool // is level-triggered
	automatic, rotating, specialMasks bool
}

// next is the input that is served next, -1 for none: who is in service stops
// those behind, itself included.
func (m *plain) next() int {
	for _, in := range m.order {
		switch {
		case m.service[in] && !(m.specialMasks && m.masked[in]):
			return -1
		case m.request[in] && !m.masked[in]:
			return in
		}
	}
	return -1
}

// last gives an input the lowest priority.
func (m *plain) last(in int) {
	for m.order[7] != in {
		m.order = append(m.order[1:], m.order[0])
	}
}

func (m *plain) acknowledge(in int) {
	if !m.level[in] {
		m.request[in] = false
	}
	if !m.automatic {
		m.service[in] = true
	} else if m.rotating {
		m.last(in)
	}
}

func (m *plain) drive(in int, on bool) {
	switch {
	case m.level[in]:
		m.request[in] = on
	case on && !m.line[in]:
		m.request[in] = true
	}
	m.line[in] = on
}

func bitsOf(list [8]bool) (b uint8) {
	for i, on := range list {
		if on {
			b |= 1 << i
		}
	}
	return b
}

// base is the vector of input 0 in these tests.
const base = 0x40

// start makes a controller that was initialized as a PC's firmware does.
func start(master bool, mode uint8) *intc.PIC {
	p := &intc.PIC{Master: master, ELCRMask: 0xff}
	p.Reset()
	p.Write(0, 0x11)
	p.Write(1, base|5) // the lowest bits do not count
	p.Write(1, 4)
	p.Write(1, mode)
	return p
}

// TestPICAgainstPlainModel lets inputs, the processor and programs do what they
// want, and compares what shows.
func TestPICAgainstPlainModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &plain{order: []int{0, 1, 2, 3, 4, 5, 6, 7}, automatic: rapid.Bool().Draw(t, "automatic end")}
		mode := uint8(1)
		if m.automatic {
			mode |= 2
		}
		p := start(false, mode)
		var output bool
		p.Output = func(level bool) { output = level }
		elcr := rapid.Uint8().Draw(t, "level-triggered")
		for i := range m.level {
			m.level[i] = elcr>>i&1 != 0
		}
		p.WriteELCR(elcr)
		inputs := rapid.IntRange(0, 7)
		t.Repeat(map[string]func(*rapid.T){
			"drive": func(t *rapid.T) {
				in, on := inputs.Draw(t, "input"), rapid.Bool().Draw(t, "level")
				m.drive(in, on)
				p.SetInput(in, on)
			},
			"mask": func(t *rapid.T) {
				mask := rapid.Uint8().Draw(t, "mask")
				for i := range m.masked {
					m.masked[i] = mask>>i&1 != 0
				}
				p.Write(1, mask)
			},
			"acknowledge": func(t *rapid.T) {
				want := uint8(base + 7) // spurious
				if in := m.next(); in >= 0 {
					m.acknowledge(in)
					want = uint8(base + in)
				}
				// A slave without requests stands behind input 2.
				slave := start(false, 1)
				slave.Write(1, 0xff)
				got := p.Vector(slave)
				if want == base+2 {
					want = base + 7 // the slave's spurious one
				}
				if got != want {
					t.Fatalf("vector %#x, want %#x", got, want)
				}
			},
			"poll": func(t *rapid.T) {
				var want uint8
				if in := m.next(); in >= 0 {
					m.acknowledge(in)
					want = 0x80 | uint8(in)
				}
				p.Write(0, 0x0c)
				if got := p.Read(0); got != want {
					t.Fatalf("poll answers %#x, want %#x", got, want)
				}
			},
			"end": func(t *rapid.T) {
				rotate := rapid.Bool().Draw(t, "rotate")
				code := uint8(0x20)
				if rotate {
					code = 0xa0
				}
				if i := slices.IndexFunc(m.order, func(in int) bool { return m.service[in] }); i >= 0 {
					in := m.order[i]
					m.service[in] = false
					if rotate {
						m.last(in)
					}
				}
				p.Write(0, code)
			},
			"end of one": func(t *rapid.T) {
				in, rotate := inputs.Draw(t, "input"), rapid.Bool().Draw(t, "rotate")
				code := uint8(0x60)
				if rotate {
					code = 0xe0
					m.last(in)
				}
				m.service[in] = false
				p.Write(0, code|uint8(in))
			},
			"set priority": func(t *rapid.T) {
				in := inputs.Draw(t, "lowest")
				m.last(in)
				p.Write(0, 0xc0|uint8(in))
			},
			"rotate by itself": func(t *rapid.T) {
				m.rotating = rapid.Bool().Draw(t, "on")
				code := uint8(0)
				if m.rotating {
					code = 0x80
				}
				p.Write(0, code)
			},
			"special masks": func(t *rapid.T) {
				m.specialMasks = rapid.Bool().Draw(t, "on")
				code := uint8(0x48)
				if m.specialMasks {
					code = 0x68
				}
				p.Write(0, code)
				p.Write(1, bitsOf(m.masked)) // the output follows with the next word
			},
			"": func(t *rapid.T) {
				if want := m.next() >= 0; output != want {
					t.Fatalf("output is %v, want %v", output, want)
				}
				p.Write(0, 0x0a)
				if got, want := p.Read(0), bitsOf(m.request); got != want {
					t.Fatalf("requests %08b, want %08b", got, want)
				}
				p.Write(0, 0x0b)
				if got, want := p.Read(0), bitsOf(m.service); got != want {
					t.Fatalf("in service %08b, want %08b", got, want)
				}
				if got, want := p.Read(1), bitsOf(m.masked); got != want {
					t.Fatalf("masked %08b, want %08b", got, want)
				}
			},
		})
	})
}

// TestCascade holds that a slave's vector is its own, and that the master lets a
// higher input of it through while one is in service only when it is told to
// (special fully nested mode).
func TestCascade(t *testing.T) {
	for _, nested := range []bool{false, true} {
		mode := uint8(1)
		if nested {
			mode |= 0x10
		}
		master, slave := start(true, mode), start(false, 1)
		slave.Write(0, 0x11)
		slave.Write(1, 0x70)
		slave.Write(1, 2)
		slave.Write(1, 1)
		slave.Output = func(level bool) { master.SetInput(2, level) }
		var output bool
		master.Output = func(level bool) { output = level }
		slave.SetInput(5, true)
		if got := master.Vector(slave); got != 0x75 {
			t.Errorf("vector %#x of the slave's input 5", got)
		}
		slave.SetInput(1, true)
		if output != nested {
			t.Errorf("special fully nested %v: the output is %v", nested, output)
		}
		slave.Write(0, 0x20) // both end the first
		master.Write(0, 0x20)
		if !output {
			t.Error("the second request is forgotten")
		}
	}
}
