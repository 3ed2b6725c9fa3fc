package machine

import (
	"errors"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/qom"
)

// guestType is the type of /machine/guest. QEMU has no such thing: the object is
// there only on a machine whose guest can be steered.
const guestType = "x-guest"

// guestObject lets monitors change what the guest is like while it runs.
type guestObject struct {
	qom.Object
	m *Machine // nil when made by introspection
}

// linux returns the guest, nil when there is none.
func (g *guestObject) linux() *guest.Linux {
	if g.m == nil {
		return nil
	}
	l, _ := g.m.guest.(*guest.Linux)
	return l
}

func guestOf(o *qom.Object) *guestObject { return o.Self().(*guestObject) }

// registerGuest adds the type. Its properties are those of [guest.Options], in
// milliseconds of virtual time where they are times, and eject.
func registerGuest(t *qom.Types) {
	info := qom.TypeInfo{
		Name: guestType, Parent: "object",
		New: func() qom.Instance { return new(guestObject) },
		Properties: []*qom.Property{
			// Written with an id: somebody in the guest removes that device.
			{Name: "eject", Type: "str", Set: func(o *qom.Object, in qom.Input) error {
				id, err := in.Str("eject")
				if err != nil {
					return err
				}
				l := guestOf(o).linux()
				if l == nil || !guestOf(o).m.Running() {
					return errors.New("the guest does not run")
				}
				return l.Eject(id)
			}},
		},
	}
	types := map[string]string{"temper": "str", "devices": "x-guest-devices"}
	for _, name := range (guest.Options{}).Names() {
		typ := types[name]
		if typ == "" {
			typ = "uint64"
		}
		info.Properties = append(info.Properties, guestProperty(name, typ))
	}
	t.Add(info)
}

// guestProperty is one option. Setting it changes the options, and lets the
// guest think again once the command that did it is over.
func guestProperty(name, typ string) *qom.Property {
	return &qom.Property{Name: name, Type: typ,
		Get: func(o *qom.Object) (any, error) {
			var opts guest.Options
			if l := guestOf(o).linux(); l != nil {
				opts = l.Options()
			}
			return opts.Get(name), nil
		},
		Set: func(o *qom.Object, in qom.Input) error {
			l := guestOf(o).linux()
			if l == nil {
				return errors.New("there is no guest to change")
			}
			opts := l.Options()
			if _, err := opts.Set(name, in.Raw()); err != nil {
				return err
			}
			l.SetOptions(opts)
			guestOf(o).m.tellGuest(guest.Reconsider)
			return nil
		}}
}
