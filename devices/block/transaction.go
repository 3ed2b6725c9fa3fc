package block

import "slices"

// Action is a change that may be one of several that are made together: it has
// been made as far as that can fail. Each function may be nil.
type Action struct {
	Commit func() // makes it final
	Clean  func() // follows when all are final
	Undo   func() // takes it back instead
}

// Actions are changes that are made together, in their order.
type Actions []Action

// Commit makes all final; as in QEMU the last comes first.
func (a Actions) Commit() {
	for _, x := range slices.Backward(a) {
		if x.Commit != nil {
			x.Commit()
		}
	}
	for _, x := range slices.Backward(a) {
		if x.Clean != nil {
			x.Clean()
		}
	}
}

// Undo takes all back.
func (a Actions) Undo() {
	for _, x := range slices.Backward(a) {
		if x.Undo != nil {
			x.Undo()
		}
	}
}
