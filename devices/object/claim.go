package object

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// claimKey is where an object keeps the character device that it occupies by a
// property.
const claimKey = "claim of "

// claims are properties that name a character device, which the object occupies
// from its completion until it is finalized.
func claims(names ...string) []*qom.Property {
	var list []*qom.Property
	for _, name := range names {
		list = append(list, &qom.Property{
			Name: name, Type: "string",
			Get: func(o *qom.Object) (any, error) { return o.StoredString(name), nil },
			Set: func(o *qom.Object, in qom.Input) error {
				s, err := in.Str(name)
				if err == nil {
					o.Store(name, s)
				}
				return err
			},
			Release: func(o *qom.Object) {
				if b, ok := o.Stored(claimKey + name).(qdev.Backend); ok {
					b.Detach(o, name)
				}
			},
		})
	}
	return list
}

// take occupies the character device that a property names.
func take(o *qom.Object, prop string) error {
	b := chardevOf(o, prop)
	if b == nil {
		return &qom.NotFoundError{Path: o.StoredString(prop)}
	}
	if err := b.Attach(o, prop); err != nil {
		return err
	}
	o.Store(claimKey+prop, b)
	return nil
}

// takeAll occupies several, in their order.
func takeAll(o *qom.Object, props ...string) error {
	for _, prop := range props {
		if err := take(o, prop); err != nil {
			return err
		}
	}
	return nil
}

// chardevOf finds the character device that a property names, nil for none.
func chardevOf(o *qom.Object, prop string) qdev.Backend {
	if all := qdev.EnvOf(o).Backends; all != nil {
		return all.Chardev(o.StoredString(prop))
	}
	return nil
}
