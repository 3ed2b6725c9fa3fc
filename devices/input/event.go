package input

// Kind is what an event is about; several make a mask.
type Kind uint8

// The kinds of events.
const (
	Key      Kind = 1 << iota // a key goes down or up
	Button                    // a button of a mouse does, or its wheel turns
	Relative                  // a mouse moves
	Absolute                  // a pen or a finger is at a place
	Touch                     // one of several fingers
)

// Name is the kind in QMP's words; KindOf is the other way round.
func (k Kind) Name() string {
	for name, kind := range kinds() {
		if kind == k {
			return name
		}
	}
	return ""
}

// KindOf returns the kind of that name in QMP, 0 for none.
func KindOf(name string) Kind { return kinds()[name] }

func kinds() map[string]Kind {
	return map[string]Kind{"key": Key, "btn": Button, "rel": Relative, "abs": Absolute, "mtt": Touch}
}

// ButtonName is a button as QMP calls it.
type ButtonName string

// The buttons, with the two directions of the wheel.
const (
	Left      ButtonName = "left"
	Middle    ButtonName = "middle"
	Right     ButtonName = "right"
	WheelUp   ButtonName = "wheel-up"
	WheelDown ButtonName = "wheel-down"
	Side      ButtonName = "side"
	Extra     ButtonName = "extra"
	Finger    ButtonName = "touch"
)

// AxisX is the horizontal axis, from the left; the other one is "y".
const AxisX = "x"

// TouchData is the type of a Touch event that tells a place.
const TouchData = "data"

// Event is one thing that a user does. The kind says which members count.
type Event struct {
	Kind Kind

	Key    KeyName    // Key
	Button ButtonName // Button
	Down   bool       // Key, Button

	Axis  string // Relative, Absolute, Touch
	Value int    // counts, or a coordinate from 0 to 0x7fff

	Touch          string // Touch: "begin", "update", "end", "cancel" or TouchData
	Slot, Tracking int    // Touch: of which finger
}
