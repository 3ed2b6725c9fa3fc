package vnc

import (
	"time"

	"github.com/qomd/qomd/devices/input"
)

// keyPause is how long a key takes, in virtual time, before the next comes.
const keyPause = 10 * time.Millisecond

// keyboard turns the symbols of clients into keys, as QEMU does: what a client's
// own locks made of them is caught up with. The machine's lock guards it.
type keyboard struct {
	typist input.Typist
	down   map[input.KeyName]bool
	caps   bool
	num    bool
}

// Some symbols that are more than keys.
const (
	symLowerA, symLowerZ = 'a', 'z'
	symUpperA, symUpperZ = 'A', 'Z'
	symPad0, symPad9     = 0xffb0, 0xffb9
	symPadSeparator      = 0xffac
	symPadDecimal        = 0xffae
)

// pad are the keys before which num lock is set right.
var pad = map[input.KeyName]bool{
	"kp_0": true, "kp_1": true, "kp_2": true, "kp_3": true, "kp_4": true, "kp_5": true, "kp_6": true, "kp_7": true,
	"kp_8": true, "kp_9": true, "kp_decimal": true, "kp_add": true, "kp_subtract": true,
}

// symbol is a key that a client tells by its symbol.
func (k *keyboard) symbol(sym uint32, down bool) {
	at := sym
	if at >= symUpperA && at <= symUpperZ {
		at += symLowerA - symUpperA
	}
	if key, ok := keysyms[at&0xffff]; ok {
		k.key(key, sym, down)
	}
}

// key is a key of a known place, with the symbol that the client had for it.
func (k *keyboard) key(key input.KeyName, sym uint32, down bool) {
	upper, lower := sym >= symUpperA && sym <= symUpperZ, sym >= symLowerA && sym <= symLowerZ
	switch shift := k.down["shift"] || k.down["shift_r"]; {
	case !down:
	case pad[key]:
		digit := sym >= symPad0 && sym <= symPad9 || sym == symPadSeparator || sym == symPadDecimal
		if digit != k.num {
			k.press("num_lock")
		}
	case (upper || lower) && upper == (shift == k.caps):
		k.press("caps_lock")
	}
	k.send(key, down)
}

func (k *keyboard) press(key input.KeyName) {
	k.send(key, true)
	k.send(key, false)
}

// send presses a key or lets go of it; one that is not down cannot be let go of.
func (k *keyboard) send(key input.KeyName, down bool) {
	if !down && !k.down[key] {
		return
	}
	if k.down == nil {
		k.down = map[input.KeyName]bool{}
	}
	if down && !k.down[key] {
		switch key {
		case "caps_lock":
			k.caps = !k.caps
		case "num_lock":
			k.num = !k.num
		}
	}
	if down {
		k.down[key] = true
	} else {
		delete(k.down, key)
	}
	k.typist.Key(key, down, keyPause)
}

// release lets go of all keys, when a client is gone.
func (k *keyboard) release() {
	for _, key := range input.Names() {
		k.send(key, false)
	}
}
