package qdev

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// ErrInUse is what a backend answers that serves another device already and
// cannot share.
var ErrInUse = errors.New("in use")

// Backend is the host's side of a device: a network backend, a block node, a
// character device.
type Backend interface {
	// Name is what the property shows.
	Name() string
	// Attach connects the device; prop is the property that names the backend.
	// An error other than ErrInUse is told to the user: as it is, or for a
	// character device after "can't take value".
	Attach(o *qom.Object, prop string) error
	// Detach undoes Attach.
	Detach(o *qom.Object, prop string)
}

// Backends finds backends by name; nil when there is none of that name.
type Backends interface {
	Netdev(name string) Backend
	Drive(name string) Backend
	Chardev(name string) Backend
	TPM(name string) Backend
}

type backendLookup func(Backends, string) Backend

// backendOf tells the properties of type "str" that name a backend.
func backendOf(name string) backendLookup {
	switch name {
	case "netdev":
		return Backends.Netdev
	case "drive":
		return Backends.Drive
	case "tpmdev":
		return Backends.TPM
	case "chardev", "chardev0", "chardev1", "chardev2", "chardev3", "chardev4", "chardev5", "chardev6", "chardev7":
		return Backends.Chardev
	}
	return nil
}

// attachment is the value of a property that names a backend.
type attachment struct {
	backend Backend
	o       *qom.Object
	prop    string
}

func backendKind(name string) kind {
	lookup := backendOf(name)
	return kind{
		zero: "",
		show: func(v any) any { return v.(*attachment).backend.Name() },
		drop: func(v any) { a := v.(*attachment); a.backend.Detach(a.o, a.prop) },
		parse: func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			s, err := in.Str(p.Name)
			if err != nil {
				return nil, err
			}
			if s == "" && name != "netdev" && name != "tpmdev" {
				return nil, nil
			}
			var b Backend
			if all := EnvOf(o).Backends; all != nil {
				b = lookup(all, s)
			}
			if b == nil {
				return nil, fmt.Errorf("Property '%s.%s' can't find value '%s'", o.TypeName(), p.Name, s)
			}
			switch err := b.Attach(o, p.Name); {
			case errors.Is(err, ErrInUse):
				return nil, fmt.Errorf("Property '%s.%s' can't take value '%s', it's in use", o.TypeName(), p.Name, s)
			case err != nil && strings.HasPrefix(name, "chardev"):
				return nil, fmt.Errorf("Property '%s.%s' can't take value '%s': %w", o.TypeName(), p.Name, s, err)
			case err != nil:
				return nil, err
			}
			return &attachment{b, o, p.Name}, nil
		},
	}
}

// BackendOf returns the backend that a property of the object names, nil for
// none.
func BackendOf(o *qom.Object, prop string) Backend {
	if a, ok := o.Stored(prop).(*attachment); ok && a != nil {
		return a.backend
	}
	return nil
}
