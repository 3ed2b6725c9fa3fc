package hid

import "github.com/qomd/qomd/devices/input"

// pointer is a mouse or a tablet as the guest will see it. Its state travels.
type pointer struct {
	Events []movement // that the guest has not fetched
	Now    movement   // what comes next, once there is a sync
	Last   movement   // what the guest has seen, without what is not told twice
}

// movement is the state of a pointer: counts for a mouse, a place for a tablet.
type movement struct {
	X, Y    int
	Wheel   int // turned towards the user
	Buttons uint8
}

// mostMovements is how many may wait; while that many do, movements add up.
const mostMovements = 15

// buttonBits are the buttons in the first byte of a report.
var buttonBits = map[input.ButtonName]uint8{
	input.Left: 1, input.Right: 2, input.Middle: 4, input.Side: 8, input.Extra: 16,
}

func (p *pointer) receive(e input.Event) {
	axis := &p.Now.Y
	if e.Axis == input.AxisX {
		axis = &p.Now.X
	}
	switch {
	case e.Kind == input.Relative:
		*axis += e.Value
	case e.Kind == input.Absolute:
		*axis = e.Value
	case !e.Down:
		p.Now.Buttons &^= buttonBits[e.Button]
	case e.Button == input.WheelUp:
		p.Now.Wheel--
	case e.Button == input.WheelDown:
		p.Now.Wheel++
	default:
		p.Now.Buttons |= buttonBits[e.Button]
	}
}

// sync makes what came visible, in one with what waits if only the place is
// another. It reports whether that is more to fetch.
func (p *pointer) sync(absolute bool) bool {
	if len(p.Events) == mostMovements {
		return false
	}
	now := p.Now
	p.Now.Wheel = 0
	if !absolute {
		p.Now.X, p.Now.Y = 0, 0
	}
	if n := len(p.Events); n > 0 && p.Events[n-1].Buttons == now.Buttons {
		last := &p.Events[n-1]
		now.Wheel += last.Wheel
		if !absolute {
			now.X, now.Y = now.X+last.X, now.Y+last.Y
		}
		*last = now
		return false
	}
	p.Events = append(p.Events, now)
	return true
}

// next returns the next state with as much of a movement as a report can tell;
// the rest stays for the next report.
func (p *pointer) next(absolute bool) movement {
	from := &p.Last
	if len(p.Events) > 0 {
		from = &p.Events[0]
	}
	m := *from
	if !absolute {
		m.X, m.Y = clamp(m.X), clamp(m.Y)
		from.X, from.Y = from.X-m.X, from.Y-m.Y
	}
	m.Wheel = clamp(m.Wheel)
	from.Wheel -= m.Wheel
	if len(p.Events) > 0 && from.Wheel == 0 && (absolute || from.X == 0 && from.Y == 0) {
		p.Last, p.Events = *from, p.Events[1:]
	}
	return m
}

func clamp(n int) int { return min(max(n, -127), 127) }

func (d *Device) mouseReport() []byte {
	m := d.pointer.next(false)
	return []byte{m.Buttons, byte(m.X), byte(m.Y), byte(-m.Wheel)}
}

func (d *Device) tabletReport() []byte {
	m := d.pointer.next(true)
	return []byte{m.Buttons, byte(m.X), byte(m.X >> 8), byte(m.Y), byte(m.Y >> 8), byte(-m.Wheel)}
}
