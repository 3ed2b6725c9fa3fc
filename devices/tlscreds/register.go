package tlscreds

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// credentials is an object; it corresponds to QCryptoTLSCreds in QEMU.
type credentials struct {
	qom.Object
	files
}

// files are what the files of an object say. They are read when it is complete
// and by [Reload].
type files struct {
	identities []tls.Certificate
	trusted    []*x509.Certificate
	revoked    *x509.RevocationList // nil: nothing is
}

// Creds are the credentials of an object, as [Find] found them.
type Creds struct {
	files
	server     bool
	verifyPeer bool
	versions   versions
}

// Register adds the types of credentials to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "tls-creds", Parent: "object", Abstract: true,
		New: func() qom.Instance { return new(credentials) },
		Init: func(o *qom.Object) {
			o.Store("endpoint", "client")
			o.Store("verify-peer", true)
		},
	})
	for _, typ := range []struct {
		name     string
		complete func(*credentials) error
	}{
		{"tls-creds-x509", (*credentials).load},
		{"tls-creds-anon", (*credentials).checkAnonymous},
		{"tls-creds-psk", (*credentials).checkPSK},
		{"tls-cipher-suites", (*credentials).checkSuites},
	} {
		if !t.HasFacts(typ.name) {
			continue
		}
		t.Add(qom.TypeInfo{Name: typ.name, Parent: "tls-creds",
			Init: func(o *qom.Object) {
				if typ.name == "tls-creds-x509" {
					o.Store("sanity-check", true)
				}
			},
			ClassInit: func(c *qom.Class) {
				object.SetBehavior(c, object.Behavior{
					Complete: func(o *qom.Object) error { return typ.complete(o.Self().(*credentials)) },
				})
			}})
	}
}

// Reload reads the files of credentials again; whatever [Find] has returned stays
// as it was. If they are no good, so do the credentials.
func Reload(t *qom.Tree, id string) error {
	o := object.Container(t).Child(id)
	if o == nil {
		return fmt.Errorf("No TLS credentials with id '%s'", id)
	}
	c, ok := o.Self().(*credentials)
	if !ok || !o.Is("tls-creds-x509") {
		return fmt.Errorf("%s does not support reloading credentials", o.TypeName())
	}
	old := c.files
	c.files = files{}
	err := c.load()
	if err != nil {
		c.files = old
	}
	return err
}

// Find returns the credentials of that id for one end of connections.
func Find(t *qom.Tree, id string, server bool) (*Creds, error) {
	o := object.Container(t).Child(id)
	if o == nil {
		return nil, fmt.Errorf("No TLS credentials with id '%s'", id)
	}
	c, ok := o.Self().(*credentials)
	if !ok {
		return nil, fmt.Errorf("Object with id '%s' is not TLS credentials", id)
	}
	end := "client"
	if server {
		end = "server"
	}
	if c.text("endpoint") != end {
		return nil, fmt.Errorf("Expected TLS credentials for a %s endpoint", end)
	}
	if !o.Is("tls-creds-x509") {
		return nil, fmt.Errorf("TLS credentials of type %s are not supported by qomd, only tls-creds-x509", o.TypeName())
	}
	v, err := parsePriority(c.text("priority"))
	if err != nil {
		return nil, err
	}
	return &Creds{files: c.files, server: server, verifyPeer: c.flag("verify-peer"), versions: v}, nil
}

func (c *credentials) text(name string) string {
	return c.StoredString(name)
}

func (c *credentials) flag(name string) bool { return c.Stored(name) == true }

func (c *credentials) server() bool { return c.text("endpoint") == "server" }

// path is where a file of the credentials is.
func (c *credentials) path(name string) string { return c.text("dir") + "/" + name }

var errNoDir = errors.New("Missing 'dir' property value")

func inaccessible(path string, err error) error {
	return fmt.Errorf("Unable to access credentials %s: %s", path, object.Strerror(err))
}
