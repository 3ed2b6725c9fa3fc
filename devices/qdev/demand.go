package qdev

import (
	"errors"
	"slices"
	"strings"

	"github.com/qomd/qomd/qom"
)

// Demand is what a device without code of its own wants before it works: one of
// some properties, or something that no machine here has.
type Demand struct {
	Props []string // none: it is never met
	Text  string   // QEMU's error; "{id}" is the name of the device
}

// CheckDemand refuses a device whose type wants something it has not got. QEMU
// finds out while it realizes such a device: package qdev asks for types that
// implement no [Realizer], and others where it belongs.
func (d *Device) CheckDemand() error {
	class := ClassOf(d.Class())
	for _, want := range class.Demands {
		if !slices.ContainsFunc(want.Props, d.isSet) {
			return errors.New(strings.ReplaceAll(want.Text, "{id}", d.ID()))
		}
	}
	if class.Check != nil {
		return class.Check(&d.Object)
	}
	return nil
}

// isSet reports whether a property has a value other than none.
func (d *Device) isSet(name string) bool {
	v, err := d.Get(name)
	if err != nil || v == nil || v == "" {
		return false
	}
	return d.HasStored(name) || d.Property(name).IsLink()
}

// Check is a demand that more than properties decide about.
type Check func(*qom.Object) error
