package object

import (
	"errors"

	"github.com/qomd/qomd/qom"
)

// registerCrypto adds the backends of crypto devices.
func registerCrypto(t *qom.Types) {
	queues := func(o *qom.Object) uint64 { n, _ := o.Stored("queues").(uint64); return n }
	add(t, qom.TypeInfo{
		Name: "cryptodev-backend", Parent: "object",
		Init: initially("queues", uint64(1)),
	})
	add(t, qom.TypeInfo{Name: "cryptodev-backend-builtin", Parent: "cryptodev-backend", ClassInit: with(Behavior{
		Complete: func(o *qom.Object) error {
			if queues(o) != 1 {
				return errors.New("Only support one queue in cryptdov-builtin backend") // QEMU's spelling
			}
			return nil
		}})})
	add(t, qom.TypeInfo{Name: "cryptodev-vhost-user", Parent: "cryptodev-backend", ClassInit: with(Behavior{
		Required: []string{"chardev"},
		Complete: func(o *qom.Object) error { return chardev(o, str(o, "chardev")) },
	})})
}
