package object

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/qomd/qomd/qom"
)

// registerTLS adds credentials. They are looked for where QEMU looks, and not
// used: nothing here speaks TLS.
func registerTLS(t *qom.Types) {
	add(t, qom.TypeInfo{
		Name: "tls-creds", Parent: "object",
		Init: initially("endpoint", "client", "verify-peer", true),
	})
	for name, file := range map[string]string{"tls-creds-x509": "ca-cert.pem", "tls-creds-psk": "keys.psk"} {
		add(t, qom.TypeInfo{Name: name, Parent: "tls-creds", ClassInit: with(Behavior{
			Complete: func(o *qom.Object) error {
				dir := str(o, "dir")
				if dir == "" {
					return errors.New("Missing 'dir' property value")
				}
				path := filepath.Join(dir, file)
				if err := reachable(path); err != nil {
					return fmt.Errorf("Unable to access credentials %s: %s", path, Strerror(err))
				}
				return nil
			}})})
	}
	add(t, qom.TypeInfo{Name: "tls-cipher-suites", Parent: "tls-creds", ClassInit: with(Behavior{
		Complete: func(o *qom.Object) error {
			if str(o, "priority") == "" {
				return errors.New("'priority' property is not set")
			}
			return nil
		}})})
}
