package ps2

import "github.com/qomd/qomd/devices/input"

const prefix = 0xe0 // of keys that the first PCs did not have

// codes are the bytes that a key sends in the set that is chosen.
func (k *Keyboard) codes(key input.KeyName, down bool) []byte {
	if s := k.sequence(key); s != nil {
		if down {
			return s.down
		}
		return s.up
	}
	switch k.set {
	case 1:
		code := input.CodeOf(key).Set1
		if !down && (key == "lang1" || key == "lang2") {
			return nil // they have no such code
		} else if !down {
			code |= 0x80
		}
		return prefixed(code)
	case 2:
		code := scanCodes[key].set2
		if down || code == 0 {
			return prefixed(code)
		} else if code>>8 != 0 {
			return []byte{prefix, release, byte(code)}
		}
		return []byte{release, byte(code)}
	}
	switch code := scanCodes[key].set3; {
	case code == 0:
		return nil
	case down:
		return []byte{code}
	default:
		return []byte{release, code}
	}
}

// prefixed are the bytes of a code, none of 0 and of the release of 0.
func prefixed(code uint16) []byte {
	switch {
	case code&0x7f == 0 && code < 0x100:
		return nil
	case code>>8 != 0:
		return []byte{prefix, byte(code)}
	}
	return []byte{byte(code)}
}

// sequence is what a key sends that is not one code.
type sequence struct{ down, up []byte }

// Print and pause, in sets 1 and 2 by what is held along with them.
var (
	pauses = [2]sequence{
		{[]byte{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}, nil},
		{[]byte{0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77}, nil},
	}
	breaks = [2]sequence{
		{[]byte{0xe0, 0x46, 0xe0, 0xc6}, nil},
		{[]byte{0xe0, 0x7e, 0xe0, 0xf0, 0x7e}, nil},
	}
	prints = [2]sequence{
		{[]byte{0xe0, 0x2a, 0xe0, 0x37}, []byte{0xe0, 0xb7, 0xe0, 0xaa}},
		{[]byte{0xe0, 0x12, 0xe0, 0x7c}, []byte{0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12}},
	}
	shiftPrints = [2]sequence{
		{[]byte{0xe0, 0x37}, []byte{0xe0, 0xb7}},
		{[]byte{0xe0, 0x7c}, []byte{0xe0, 0xf0, 0x7c}},
	}
	leftRequests = [2]sequence{
		{[]byte{0xb8, 0x38, 0x54}, []byte{0xd4, 0xb8, 0x38}},
		{[]byte{0xf0, 0x11, 0x11, 0x84}, []byte{0xf0, 0x84, 0xf0, 0x11, 0x11}},
	}
	rightRequests = [2]sequence{
		{[]byte{0xe0, 0xb8, 0xe0, 0x38, 0x54}, []byte{0xd4, 0xe0, 0xb8, 0xe0, 0x38}},
		{[]byte{0xe0, 0xf0, 0x11, 0xe0, 0x11, 0x84}, []byte{0xf0, 0x84, 0xe0, 0xf0, 0x11, 0xe0, 0x11}},
	}
)

// sequence returns that of a key, nil for one that has none.
func (k *Keyboard) sequence(key input.KeyName) *sequence {
	if k.set != 1 && k.set != 2 {
		return nil
	}
	n := k.set - 1
	switch {
	case key == "pause" && k.held&(leftCtrl|rightCtrl) != 0:
		return &breaks[n]
	case key == "pause":
		return &pauses[n]
	case key != "print" && key != "sysrq":
		return nil
	case k.held&leftAlt != 0:
		return &leftRequests[n]
	case k.held&rightAlt != 0:
		return &rightRequests[n]
	case k.held&(leftShift|rightShift|leftCtrl|rightCtrl) != 0:
		return &shiftPrints[n]
	}
	return &prints[n]
}
