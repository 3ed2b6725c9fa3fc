package config

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/qmp/qjson"
)

// guestType is the object of -object that says who plays the operating system.
// On the machine it is /machine/guest, whatever id it has here.
const guestType = "x-guest"

// SetGuest says who plays the operating system and what that is like:
// "KIND,OPTION=VALUE,...", where KIND is "none" or "linux" and the options are
// those of [guest.Options.Set], with devices.ID.OPTION=VALUE, or devices.ID=TEMPER,
// for what is different about one device. An empty text says nothing.
func (m *Machine) SetGuest(text string) error {
	if text == "" {
		return nil
	}
	values, _, err := ParseKeyval(text, "kind")
	if err != nil {
		return err
	}
	return m.setGuest(values)
}

// setGuest is SetGuest for options that are taken apart. Without a kind the
// guest is a Linux.
func (m *Machine) setGuest(values *qjson.Object) error {
	m.Guest = "linux"
	for name, v := range values.All() {
		if name == "kind" {
			kind, ok := v.(string)
			if !ok {
				return fmt.Errorf("Invalid parameter type for 'kind', expected: string")
			}
			if !contains(guest.Kinds(), kind) {
				return fmt.Errorf("unknown guest '%s', known are %s", kind, strings.Join(guest.Kinds(), ", "))
			}
			m.Guest = kind
			continue
		}
		known, err := m.GuestOptions.Set(name, v)
		if err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("Parameter '%s' is unexpected", name)
		}
	}
	return nil
}

// guestObject applies -object x-guest. Written as text, members of devices are
// named with dots.
func (b *builder) guestObject(object *qjson.Object, fromJSON bool) error {
	if fromJSON {
		return b.m.setGuest(object)
	}
	values := qjson.NewObject()
	for name, v := range object.All() {
		if err := setDotted(values, name, v.(string)); err != nil {
			return err
		}
	}
	return b.m.setGuest(values)
}
