package object

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qom"
)

// registerRNG adds the sources of random numbers. A source is open once it is
// complete.
func registerRNG(t *qom.Types) {
	opened := &qom.Property{Name: "opened", Type: "bool", Get: func(o *qom.Object) (any, error) {
		return o.Stored("opened") == true, nil
	}, Set: func(o *qom.Object, _ qom.Input) error { // the schema still knows it
		return fmt.Errorf("Property '%s.opened' is not writable", o.TypeName())
	}}
	open := func(o *qom.Object) error {
		o.Store("opened", true)
		return nil
	}
	add(t, qom.TypeInfo{
		Name: "rng-backend", Parent: "object", Abstract: true,
		ClassInit:  with(Behavior{Complete: open}),
		Properties: []*qom.Property{opened},
	})
	add(t, qom.TypeInfo{
		Name: "rng-random", Parent: "rng-backend",
		Init: initially("filename", "/dev/urandom"),
		Properties: []*qom.Property{{Name: "filename", Type: "string", Get: show("filename"),
			Set: func(o *qom.Object, in qom.Input) error {
				if o.Stored("opened") == true {
					return errors.New("Property 'filename' can no longer be set")
				}
				name, err := in.Str("filename")
				if err == nil {
					o.Store("filename", name)
				}
				return err
			}}},
		ClassInit: with(Behavior{Complete: func(o *qom.Object) error {
			name := o.StoredString("filename")
			if err := reachable(name); err != nil {
				return fmt.Errorf("Could not open '%s': %s", name, Strerror(err))
			}
			return open(o)
		}}),
	})
	add(t, qom.TypeInfo{
		Name: "rng-egd", Parent: "rng-backend", Properties: claims("chardev"),
		ClassInit: with(Behavior{Required: []string{"chardev"}, Complete: func(o *qom.Object) error {
			if err := take(o, "chardev"); err != nil {
				return err
			}
			return open(o)
		}}),
	})
}
