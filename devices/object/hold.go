package object

import "github.com/qomd/qomd/qom"

// Hold is the object x-hold: while it exists it holds a reference on its
// target, whose storage therefore cannot be freed. QEMU has no such thing; it
// stands for any holder that is slow to let go.
type Hold struct {
	qom.Object
	target string // as given, until complete
	note   string
	hold   qom.Hold
	over   bool // released, or about to be
}

func registerHold(t *qom.Types) {
	self := func(o *qom.Object) *Hold { return o.Self().(*Hold) }
	t.Add(qom.TypeInfo{
		Name: "x-hold", Parent: "object", Interfaces: []string{"user-creatable"},
		New: func() qom.Instance { return new(Hold) },
		ClassInit: with(Behavior{
			Required: []string{"target"},
			Complete: func(o *qom.Object) error { return self(o).complete() },
		}),
		// Deleting lets go, even when somebody holds the x-hold itself.
		Unparent: func(o *qom.Object) { self(o).release() },
		Finalize: func(o *qom.Object) { self(o).release() },
		Properties: []*qom.Property{
			{Name: "target", Type: "string",
				Get:    func(o *qom.Object) (any, error) { return self(o).path(), nil },
				Target: func(o *qom.Object) *qom.Object { return self(o).hold.Object() },
				Set: func(o *qom.Object, in qom.Input) error {
					h := self(o)
					if h.hold.Held() {
						return errInitialized
					}
					path, err := in.Str("target")
					h.target = path
					return err
				}},
			{Name: "note", Type: "string",
				Get: func(o *qom.Object) (any, error) { return self(o).note, nil },
				Set: func(o *qom.Object, in qom.Input) (err error) {
					self(o).note, err = in.Str("note")
					return err
				}},
			// Nanoseconds of the tree's clock; 0 before the target is held.
			{Name: "since", Type: "int",
				Get: func(o *qom.Object) (any, error) { return self(o).hold.Since(), nil }},
		},
	})
}

// path is where the target is, empty when it has left the tree.
func (h *Hold) path() string {
	if t := h.hold.Object(); t != nil {
		return t.Path()
	}
	return ""
}

func (h *Hold) complete() error {
	target, ambiguous := h.Tree().Resolve(h.target, "")
	if ambiguous {
		return &qom.AmbiguousPathError{Path: h.target, Link: true}
	}
	if target == nil {
		return &qom.NotFoundError{Path: h.target}
	}
	who := h.Name()
	if h.note != "" {
		who += " (" + h.note + ")"
	}
	target.HoldInto(&h.hold, qom.HoldUser, who, 1)
	return nil
}

// release lets go once the command that deletes the x-hold is over: its reply
// comes before the DEVICE_DELETED it leads to, as with device_del.
func (h *Hold) release() {
	if h.hold.Held() && !h.over {
		h.over = true
		h.hold.ReleaseAsync()
	}
}
