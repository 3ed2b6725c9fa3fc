package virtio

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/input"
)

// inputEvent is an event as Linux numbers them, VIRTIO 1.2 section 5.8.6.
type inputEvent struct {
	Type, Code uint16
	Value      int32
}

// More codes of Linux.
const (
	relWheel    = 0x08
	absSlot     = 0x2f // of several fingers
	absTouchX   = 0x35
	absTouchY   = 0x36
	absTracking = 0x39
)

// buttonCodes are Linux' codes of buttons. QEMU has those of gear levers for the
// end of a turn of the wheel.
var buttonCodes = map[input.ButtonName]uint16{
	input.Left: 0x110, input.Right: 0x111, input.Middle: 0x112, input.Side: 0x113, input.Extra: 0x114,
	input.WheelDown: 0x150, input.WheelUp: 0x151, input.Finger: 0x14a,
}

// Receive implements [input.Device].
func (i *Input) Receive(e input.Event) {
	down := int32(0)
	if e.Down {
		down = 1
	}
	axis := uint16(1)
	if e.Axis == input.AxisX {
		axis = 0
	}
	switch {
	case e.Kind == input.Key:
		i.queue(evKey, input.CodeOf(e.Key).Linux, down)
	case e.Kind == input.Button && e.Down && e.Button == input.WheelUp:
		i.pending = append(i.pending, inputEvent{evRel, relWheel, 1})
	case e.Kind == input.Button && e.Down && e.Button == input.WheelDown:
		i.pending = append(i.pending, inputEvent{evRel, relWheel, -1})
	case e.Kind == input.Button:
		i.queue(evKey, buttonCodes[e.Button], down)
	case e.Kind == input.Relative:
		i.pending = append(i.pending, inputEvent{evRel, axis, int32(e.Value)})
	case e.Kind == input.Absolute:
		i.pending = append(i.pending, inputEvent{evAbs, axis, int32(e.Value)})
	case e.Touch == input.TouchData:
		i.pending = append(i.pending, inputEvent{evAbs, absTouchX + axis*(absTouchY-absTouchX), int32(e.Value)})
	default:
		i.pending = append(i.pending, inputEvent{evAbs, absSlot, int32(e.Slot)}, inputEvent{evAbs, absTracking, int32(e.Tracking)})
	}
}

// queue adds an event unless Linux has no code for it.
func (i *Input) queue(typ, code uint16, value int32) {
	if code != 0 {
		i.pending = append(i.pending, inputEvent{typ, code, value})
	}
}

// Sync implements [input.Device]: it gives the guest what came, all or nothing.
func (i *Input) Sync() {
	events := append(i.pending, inputEvent{Type: evSyn})
	i.pending = nil
	q := i.Queue(0)
	if q == nil || !i.Running() || !q.Live() {
		return
	}
	var list []*Element
	for range events {
		e := q.Pop()
		if e == nil {
			q.giveBack(list)
			return
		}
		list = append(list, e)
	}
	for n, e := range list {
		var p [8]byte
		binary.LittleEndian.PutUint16(p[:], events[n].Type)
		binary.LittleEndian.PutUint16(p[2:], events[n].Code)
		binary.LittleEndian.PutUint32(p[4:], uint32(events[n].Value))
		written, _ := e.In.WriteAt(p[:], 0)
		q.Push(e, uint32(written))
	}
	q.Signal()
}
