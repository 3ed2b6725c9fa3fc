package object

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qom"
)

// registerCrypto adds the backends of crypto devices.
func registerCrypto(t *qom.Types) {
	queues := func(o *qom.Object) uint64 { return o.StoredUint("queues") }
	behavior := func(complete func(*qom.Object) error, required ...string) func(*qom.Class) {
		return with(Behavior{Required: required, Complete: complete, MayDelete: func(o *qom.Object) error {
			if used(o) {
				return fmt.Errorf("Cannot delete cryptodev backend '%s' that is in use", o.Name())
			}
			return nil
		}})
	}
	add(t, qom.TypeInfo{
		Name: "cryptodev-backend", Parent: "object",
		Init: initially("queues", uint64(1)),
		Properties: []*qom.Property{
			{Name: "queues", Type: "uint32", Get: show("queues"), Set: func(o *qom.Object, in qom.Input) error {
				n, err := in.Uint("queues", 32)
				switch {
				case err != nil:
					return err
				case n == 0:
					return fmt.Errorf("Property '%s.queues' doesn't take value '0'", o.TypeName())
				}
				o.Store("queues", n)
				return nil
			}},
			throttled("throttle-bps"), throttled("throttle-ops"),
		},
		ClassInit: behavior(nil),
	})
	add(t, qom.TypeInfo{Name: "cryptodev-backend-builtin", Parent: "cryptodev-backend",
		ClassInit: behavior(func(o *qom.Object) error {
			if queues(o) != 1 {
				return errors.New("Only support one queue in cryptdov-builtin backend") // QEMU's spelling
			}
			return nil
		})})
	add(t, qom.TypeInfo{Name: "cryptodev-vhost-user", Parent: "cryptodev-backend", Properties: claims("chardev"),
		ClassInit: behavior(func(o *qom.Object) error { return take(o, "chardev") }, "chardev"),
	})
}

// mostThrottled is the largest rate that QEMU's throttling takes.
const mostThrottled = 1000000000000000

// throttled is a limit of the work in a second, 0 for none.
func throttled(name string) *qom.Property {
	return &qom.Property{Name: name, Type: "uint64",
		Get: func(o *qom.Object) (any, error) { return o.StoredUint(name), nil },
		Set: func(o *qom.Object, in qom.Input) error {
			n, err := in.Uint64(name)
			switch {
			case err != nil:
				return err
			case n > mostThrottled:
				return fmt.Errorf("bps/iops/max values must be within [0, %d]", int64(mostThrottled))
			}
			o.Store(name, n)
			return nil
		}}
}
