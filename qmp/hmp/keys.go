package hmp

// key is what a byte, or the escape sequence it ends, means.
type key uint8

// The keys the editor knows.
const (
	keyNone key = iota // part of a sequence, or nothing we know
	keyInsert
	keyEnter
	keyTab
	keyHome
	keyEnd
	keyLeft
	keyRight
	keyUp
	keyDown
	keyDelete
	keyBackspace
	keyEraseWord
	keyEraseStart
	keyClear
)

// controls are the single bytes that are keys.
var controls = map[byte]key{
	1: keyHome, 4: keyDelete, 5: keyEnd, 8: keyBackspace, 9: keyTab, 10: keyEnter, 12: keyClear, 13: keyEnter,
	14: keyDown, 16: keyUp, 21: keyEraseStart, 23: keyEraseWord, 127: keyBackspace,
}

// csi is the byte that stands for ESC [.
const csi = 0x9b

// keyState recognizes escape sequences.
type keyState struct {
	in    byte // what has come: 0, ESC, '[' or 'O' after it
	param int  // number within ESC [
}

// next takes a byte and answers the key it completes.
func (s *keyState) next(b byte) key {
	was := s.in
	switch was {
	case 0x1b:
		s.in, s.param = 0, 0
		if b == '[' || b == 'O' {
			s.in = b
		}
		return keyNone
	case '[':
		if '0' <= b && b <= '9' {
			s.param = (s.param*10 + int(b-'0')) % 1000
			return keyNone
		}
		s.in = 0
		return s.sequence(b)
	case 'O':
		s.in = 0
		switch b {
		case 'F':
			return keyEnd
		case 'H':
			return keyHome
		}
		return keyNone
	}
	switch k, ok := controls[b]; {
	case ok:
		return k
	case b == 0x1b:
		s.in = b
		return keyNone
	case b == csi:
		s.in, s.param = '[', 0
		return keyNone
	case b < ' ':
		return keyNone
	}
	return keyInsert
}

// sequence is the meaning of ESC [ NUMBER b.
func (s *keyState) sequence(b byte) key {
	switch b {
	case 'A', 'F':
		return keyUp
	case 'B', 'E':
		return keyDown
	case 'C':
		return keyRight
	case 'D':
		return keyLeft
	case '~':
		switch s.param {
		case 1:
			return keyHome
		case 3:
			return keyDelete
		case 4:
			return keyEnd
		}
	}
	return keyNone
}
