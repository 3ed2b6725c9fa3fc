package object

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qom"
)

// registerCrypto adds the backends of crypto devices.
func registerCrypto(t *qom.Types) {
	queues := func(o *qom.Object) uint64 { n, _ := o.Stored("queues").(uint64); return n }
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
		Init:      initially("queues", uint64(1)),
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
