package input

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/trace"
)

// A Device shows events to the guest.
type Device interface {
	// Receive takes an event in; the guest sees it after Sync.
	Receive(Event)
	Sync()
}

// Handler is a device at the panel.
type Handler struct {
	Name  string // as QEMU calls it
	Takes Kind   // mask
	Device

	index int
	fresh bool // got events since the last sync
}

// Panel is where the events of a machine come from. The zero value is ready to
// use; the machine's lock guards it.
type Panel struct {
	Trace *trace.Tracer // nil: no point is on

	list []*Handler // the first that takes an event gets it
	made int
}

// Add puts a device at the end of the list.
func (p *Panel) Add(h *Handler) {
	p.made++
	h.index = p.made
	p.list = append(p.list, h)
}

// Remove takes a device away.
func (p *Panel) Remove(h *Handler) {
	p.list = slices.DeleteFunc(p.list, func(other *Handler) bool { return other == h })
}

// Activate puts a device in front: its guest uses it. Deactivate puts it last.
func (p *Panel) Activate(h *Handler) {
	p.Remove(h)
	p.list = slices.Insert(p.list, 0, h)
}

// Deactivate puts a device at the end: its guest does not use it any more.
func (p *Panel) Deactivate(h *Handler) {
	p.Remove(h)
	p.list = append(p.list, h)
}

// Has reports whether there is a device for events of a kind.
func (p *Panel) Has(k Kind) bool { return p.find(k) != nil }

// Absolute reports whether the pointing device in use takes places, not moves.
func (p *Panel) Absolute() bool {
	h := p.find(pointing)
	return h != nil && h.Takes&Absolute != 0
}

func (p *Panel) find(k Kind) *Handler {
	for _, h := range p.list {
		if h.Takes&k != 0 {
			return h
		}
	}
	return nil
}

// Send hands events to the devices and lets the guest see them. What nobody
// takes is lost.
func (p *Panel) Send(events ...Event) {
	for _, e := range events {
		p.trace(e)
		if h := p.find(e.Kind); h != nil {
			h.Receive(e)
			h.fresh = true
		}
	}
	if p.Trace.On(trace.InputSync) {
		p.Trace.Printf(trace.InputSync, "")
	}
	for _, h := range slices.Clone(p.list) {
		if h.fresh {
			h.fresh = false
			h.Sync()
		}
	}
}

// trace writes the line of an event, for whatever screen it is.
func (p *Panel) trace(e Event) {
	down := 0
	if e.Down {
		down = 1
	}
	switch t := p.Trace; {
	case e.Kind == Key && t.On(trace.InputKey):
		t.Printf(trace.InputKey, "con -1, key qcode %s, down %d", e.Key, down)
	case e.Kind == Button && t.On(trace.InputBtn):
		t.Printf(trace.InputBtn, "con -1, button %s, down %d", e.Button, down)
	case e.Kind == Relative && t.On(trace.InputRel):
		t.Printf(trace.InputRel, "con -1, axis %s, value %d", e.Axis, e.Value)
	case e.Kind == Absolute && t.On(trace.InputAbs):
		t.Printf(trace.InputAbs, "con -1, axis %s, value 0x%x", e.Axis, e.Value)
	}
}

// Mouse is a pointing device.
type Mouse struct {
	Name     string `json:"name"`
	Index    int    `json:"index"`
	Current  bool   `json:"current"` // the one that moves
	Absolute bool   `json:"absolute"`
}

const pointing = Relative | Absolute

// Mice lists the pointing devices, the one in use last.
func (p *Panel) Mice() []Mouse {
	list := []Mouse{}
	for _, h := range p.list {
		if h.Takes&pointing != 0 {
			list = append(list, Mouse{h.Name, h.index, len(list) == 0, h.Takes&Absolute != 0})
		}
	}
	slices.Reverse(list)
	return list
}

// Choose puts the pointing device of an index in front, as mouse_set does.
func (p *Panel) Choose(index int) error {
	i := slices.IndexFunc(p.list, func(h *Handler) bool { return h.index == index })
	switch {
	case i < 0:
		return fmt.Errorf("Mouse at index '%d' not found", index)
	case p.list[i].Takes&pointing == 0:
		return fmt.Errorf("Input device '%s' is not a mouse", p.list[i].Name)
	}
	p.Activate(p.list[i])
	return nil
}
