package ps2

import (
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/vmstate"
)

// Keyboard is a keyboard.
type Keyboard struct {
	queue
	command   byte // that waits for its parameter, 0 for none
	silent    bool // keys are not told
	translate bool // codes are told as those of set 1
	set       byte
	leds      byte
	broken    bool // with translate: what follows is of a key that was let go
	held      modifiers
}

// Commands of a keyboard.
const (
	kbdLEDs        = 0xed
	kbdEcho        = 0xee
	kbdScanCodes   = 0xf0
	kbdIdentify    = 0xf2
	kbdRate        = 0xf3
	kbdEnable      = 0xf4
	kbdOff         = 0xf5
	kbdOn          = 0xf6
	kbdTypematic   = 0xfa
	kbdMakeBreak   = 0xfc
	kbdReset       = 0xff
	kbdIdentity    = 0xab
	kbdPlain       = 0x83 // second byte of the identity
	kbdTranslated  = 0x41
	release        = 0xf0 // before the code of a key that was let go
	translatedHigh = 0x80
)

// Reset returns it to the power-on state.
func (k *Keyboard) Reset() {
	k.clear()
	k.command, k.silent, k.translate, k.set, k.held, k.broken = 0, false, false, 2, 0, false
	k.tell(false)
}

// restart is what its own reset command does.
func (k *Keyboard) restart() {
	k.silent, k.set, k.leds = false, 2, 0
	k.clear()
}

// Translate says whether codes are told as those of set 1, as the controller wants
// them for old programs.
func (k *Keyboard) Translate(on bool) { k.translate = on }

// LEDs are the lamps that are on: bit 0 scroll lock, 1 num lock, 2 caps lock.
func (k *Keyboard) LEDs() byte { return k.leds }

// Write is a byte from the guest: a command or its parameter.
func (k *Keyboard) Write(v byte) {
	k.answers = nil
	command := k.command
	k.command = 0
	switch command {
	case 0:
		k.execute(v)
	case kbdScanCodes:
		switch {
		case v == 0:
			k.answer(ack, k.translated(k.set))
		case v <= 3:
			k.set = v
			k.answer(ack)
		default:
			k.answer(resend)
		}
	case kbdLEDs:
		k.leds = v
		k.answer(ack)
	default:
		k.answer(ack)
	}
}

func (k *Keyboard) translated(code byte) byte {
	if k.translate {
		return toSet1(code)
	}
	return code
}

func (k *Keyboard) execute(command byte) {
	switch command {
	case 0x00, kbdTypematic:
		k.answer(ack)
	case kbdIdentify:
		second := byte(kbdPlain)
		if k.translate {
			second = kbdTranslated
		}
		k.answer(ack, kbdIdentity, second)
	case kbdEcho:
		k.answer(kbdEcho)
	case kbdEnable:
		k.silent = false
		k.answer(ack)
	case kbdScanCodes, kbdLEDs, kbdRate, kbdMakeBreak:
		k.command = command
		k.answer(ack)
	case kbdOff, kbdOn:
		k.restart()
		k.silent = command == kbdOff
		k.answer(ack)
	case kbdReset:
		k.restart()
		k.answer(ack, passed)
	default:
		k.answer(resend)
	}
}

// modifiers are keys that change what others tell.
type modifiers uint8

const (
	leftCtrl modifiers = 1 << iota
	rightCtrl
	leftShift
	rightShift
	leftAlt
	rightAlt
)

func modifier(key input.KeyName) modifiers {
	switch key {
	case "ctrl":
		return leftCtrl
	case "ctrl_r":
		return rightCtrl
	case "shift":
		return leftShift
	case "shift_r":
		return rightShift
	case "alt":
		return leftAlt
	case "alt_r":
		return rightAlt
	}
	return 0
}

// Key is a key that goes down or up.
func (k *Keyboard) Key(key input.KeyName, down bool) {
	if k.silent {
		return
	}
	if m := modifier(key); down {
		k.held |= m
	} else {
		k.held &^= m
	}
	for _, code := range k.codes(key, down) {
		k.send(code)
	}
}

// send tells one byte of a key's code, translated if need be.
func (k *Keyboard) send(code byte) {
	switch {
	case !k.translate:
		k.put(code)
	case code == release:
		k.broken = true
	case k.broken:
		k.broken = false
		k.put(toSet1(code) | translatedHigh)
	default:
		k.put(toSet1(code))
	}
}

// VMState saves or loads it.
func (k *Keyboard) VMState(f *vmstate.Fields) {
	k.vmstate(f)
	f.Field("command", &k.command)
	f.Field("silent", &k.silent)
	f.Field("translate", &k.translate)
	f.Field("set", &k.set)
	f.Field("leds", &k.leds)
	f.Field("broken", &k.broken)
	f.Field("held", &k.held)
}
