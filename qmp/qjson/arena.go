package qjson

import "unsafe"

// arena is the memory of one value that is being read. What a usual command has
// of objects, strings and interfaces around strings comes in three pieces and
// not one by one; what outlives the command keeps only the piece it is in.
//
// Nothing in a piece changes once it was given out, which is what makes sharing
// it safe.
type arena struct {
	objects []roomyObject
	boxes   []string
	text    []byte
}

// roomyObject is an object with room for the members of a usual command.
type roomyObject struct {
	Object
	room [4]Member
}

// Sizes of pieces: two objects, few strings, the text of an everyday command. A
// further piece of text is twice as large as the last, up to maxText.
const (
	objectPiece = 2
	boxPiece    = 8
	textPiece   = 128
	maxText     = 4096
)

// object returns an empty object.
func (a *arena) object() *Object {
	if len(a.objects) == 0 {
		a.objects = make([]roomyObject, objectPiece)
	}
	o := &a.objects[0]
	a.objects = a.objects[1:]
	o.members = o.room[:0]
	return &o.Object
}

// string returns a copy of text.
func (a *arena) string(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	if cap(a.text)-len(a.text) < len(text) {
		a.text = make([]byte, 0, max(len(text), min(max(2*cap(a.text), textPiece), maxText)))
	}
	from := len(a.text)
	a.text = append(a.text, text...)
	return unsafe.String(&a.text[from], len(text))
}

// box returns s as an interface. Go would allocate the string's header anew for
// each; here it is an element of a piece.
func (a *arena) box(s string) any {
	if len(a.boxes) == 0 {
		a.boxes = make([]string, boxPiece)
	}
	at := &a.boxes[0]
	a.boxes = a.boxes[1:]
	*at = s
	v := any("")
	(*struct{ typ, data unsafe.Pointer })(unsafe.Pointer(&v)).data = unsafe.Pointer(at)
	return v
}
