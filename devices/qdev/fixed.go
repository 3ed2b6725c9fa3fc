package qdev

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// CheckUnrealized refuses to change a property of a device that is realized,
// as QEMU does for the properties in the table of the class. Objects that are
// no devices pass.
func CheckUnrealized(o *qom.Object, name string) error {
	d := From(o)
	if d == nil || !d.realized {
		return nil
	}
	if d.id == "" {
		return fmt.Errorf("Attempt to set property '%s' on anonymous device (type '%s') after it was realized", name, d.TypeName())
	}
	return fmt.Errorf("Attempt to set property '%s' on device '%s' (type '%s') after it was realized", name, d.id, d.TypeName())
}

// FixedLink is [qom.FixedLink] for a link of a device that QEMU keeps from the
// moment the device is realized.
func FixedLink(p *qom.Property) *qom.Property {
	typ, _ := qom.LinkType(p.Type)
	set := qom.FixedLink(p).Set
	p.Set = func(o *qom.Object, in qom.Input) error {
		if _, err := o.ResolveLink(p.Name, typ, in); err != nil {
			return err
		}
		if err := checkLinkUnrealized(o, p.Name); err != nil {
			return err
		}
		return set(o, in)
	}
	return p
}

// checkLinkUnrealized is CheckUnrealized in the words QEMU has for links. It
// prints the missing id of an anonymous device as C libraries print a null
// string.
func checkLinkUnrealized(o *qom.Object, name string) error {
	d := From(o)
	if d == nil || !d.realized {
		return nil
	}
	id := d.id
	if id == "" {
		id = "(null)"
	}
	return fmt.Errorf("Attempt to set link property '%s' on device '%s' (type '%s') after it was realized", name, id, d.TypeName())
}
