package tlscreds

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// Creds are the credentials of one object.
type Creds struct {
	qom.Object

	// What follows is read from files when the object is complete, and does not
	// change any more.
	identities []tls.Certificate
	trusted    []*x509.Certificate
	revoked    *x509.RevocationList // nil: nothing is
}

// Register adds the types of credentials to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "tls-creds", Parent: "object", Abstract: true,
		New: func() qom.Instance { return new(Creds) },
		Init: func(o *qom.Object) {
			o.Store("endpoint", "client")
			o.Store("verify-peer", true)
		},
	})
	for _, typ := range []struct {
		name     string
		complete func(*Creds) error
	}{
		{"tls-creds-x509", (*Creds).load},
		{"tls-creds-anon", (*Creds).checkAnonymous},
		{"tls-creds-psk", (*Creds).checkPSK},
		{"tls-cipher-suites", (*Creds).checkSuites},
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
					Complete: func(o *qom.Object) error { return typ.complete(o.Self().(*Creds)) },
				})
			}})
	}
}

// Find returns the credentials of that id for one end of connections.
func Find(t *qom.Tree, id string, server bool) (*Creds, error) {
	o := object.Container(t).Child(id)
	if o == nil {
		return nil, fmt.Errorf("No TLS credentials with id '%s'", id)
	}
	c, ok := o.Self().(*Creds)
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
	_, err := c.versions()
	return c, err
}

func (c *Creds) text(name string) string {
	s, _ := c.Stored(name).(string)
	return s
}

func (c *Creds) flag(name string) bool { return c.Stored(name) == true }

func (c *Creds) server() bool { return c.text("endpoint") == "server" }

// path is where a file of the credentials is.
func (c *Creds) path(name string) string { return filepath.Join(c.text("dir"), name) }

var errNoDir = errors.New("Missing 'dir' property value")

func inaccessible(path string, err error) error {
	return fmt.Errorf("Unable to access credentials %s: %s", path, object.Strerror(err))
}
