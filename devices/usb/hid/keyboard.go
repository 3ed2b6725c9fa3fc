package hid

import (
	"slices"

	"github.com/qomd/qomd/devices/input"
)

// keyboard is a keyboard as the guest will see it. Its state travels.
type keyboard struct {
	Events    []stroke // that the guest has not fetched
	Modifiers uint8
	Keys      []uint8 // that are down, by their usage
}

// stroke is a key that goes down or up.
type stroke struct {
	Usage uint8
	Down  bool
	Codes int // how many scan codes it is
}

const (
	mostCodes = 16 // of the strokes that wait, together
	mostKeys  = 16 // that are down at once
	fitKeys   = 6  // in a report
	rollOver  = 1  // usage in all places of a report into which not all keys fit

	firstModifier = 0xe0
	lastModifier  = 0xe7
)

// receive takes a stroke in, and reports whether there was room for it.
func (k *keyboard) receive(e input.Event) bool {
	code := input.CodeOf(e.Key)
	s := stroke{Usage: code.USB, Down: e.Down, Codes: 1}
	if code.Set1 > 0xff {
		s.Codes = 2
	}
	waiting := s.Codes
	for _, other := range k.Events {
		waiting += other.Codes
	}
	if waiting > mostCodes {
		return false
	}
	k.Events = append(k.Events, s)
	return true
}

// step takes the next stroke into account.
func (k *keyboard) step() {
	if len(k.Events) == 0 {
		return
	}
	s := k.Events[0]
	k.Events = k.Events[1:]
	at := slices.Index(k.Keys, s.Usage)
	switch {
	case s.Usage == 0: // not a key of this keyboard
	case s.Usage >= firstModifier && s.Usage <= lastModifier:
		bit := uint8(1) << (s.Usage - firstModifier)
		k.Modifiers &^= bit
		if s.Down {
			k.Modifiers |= bit
		}
	case s.Down && at < 0 && len(k.Keys) < mostKeys:
		k.Keys = append(k.Keys, s.Usage)
	case !s.Down && at >= 0:
		last := len(k.Keys) - 1
		k.Keys[at] = k.Keys[last]
		k.Keys = k.Keys[:last]
	}
}

// keyboardReport has room for six keys; more are an error that fills all six,
// HID 1.11 appendix C.
func (d *Device) keyboardReport() []byte {
	k := &d.keyboard
	k.step()
	b := make([]byte, 2+fitKeys)
	b[0] = k.Modifiers
	if len(k.Keys) > fitKeys {
		for i := range fitKeys {
			b[2+i] = rollOver
		}
		return b
	}
	copy(b[2:], k.Keys)
	return b
}
