package chardev

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// Chardev is one character device; it corresponds to Chardev in QEMU.
type Chardev struct {
	qom.Object
	backend  Backend
	frontend string // who uses it, empty for nobody
}

// Backend is the host's end of a character device.
type Backend interface {
	// TypeName is the QOM type: "chardev-socket", "chardev-null", ...
	TypeName() string
	// Filename describes the backend as query-chardev does.
	Filename() string
	// Close ends it. It is called without any lock held, and waits for the
	// backend's goroutines.
	Close() error
}

// Chr returns c.
func (c *Chardev) Chr() *Chardev { return c }

// From returns the character device that o is, nil when it is none.
func From(o *qom.Object) *Chardev {
	if o == nil {
		return nil
	}
	if m, ok := o.Self().(interface{ Chr() *Chardev }); ok {
		return m.Chr()
	}
	return nil
}

// Register adds the types of this package to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "chardev", Parent: "object", Abstract: true,
		New: func() qom.Instance { return new(Chardev) },
	})
	t.Add(qom.TypeInfo{
		Name: "chardev-socket", Parent: "chardev",
		Properties: []*qom.Property{
			{Name: "addr", Type: "SocketAddress", Get: func(o *qom.Object) (any, error) {
				if s, ok := From(o).backend.(*Socket); ok {
					return s.Address(), nil
				}
				return struct{}{}, nil
			}},
			{Name: "connected", Type: "bool", Get: func(o *qom.Object) (any, error) {
				s, ok := From(o).backend.(*Socket)
				return ok && s.Connected(), nil
			}},
		},
	})
}

// Add makes the character device id on a backend, in the container /chardevs.
func Add(chardevs *qom.Object, id string, b Backend) (*Chardev, error) {
	o, err := chardevs.Tree().New(b.TypeName())
	if err != nil {
		return nil, err
	}
	defer o.Unref()
	c := From(o)
	c.backend = b
	if chardevs.HasProperty(id) {
		return nil, fmt.Errorf("Chardev with id '%s' already exists", id)
	}
	if err := chardevs.AddChild(id, o); err != nil {
		return nil, err
	}
	return c, nil
}

// Label returns the device's id.
func (c *Chardev) Label() string { return c.Name() }

// Backend returns the host's end.
func (c *Chardev) Backend() Backend { return c.backend }

// Frontend returns who uses the device, empty for nobody.
func (c *Chardev) Frontend() string { return c.frontend }

// Attach makes who the front end. A device has one at a time.
func (c *Chardev) Attach(who string) error {
	if c.frontend != "" {
		return fmt.Errorf("chardev '%s' is already in use", c.Label())
	}
	c.frontend = who
	return nil
}

// Detach frees the device for another front end.
func (c *Chardev) Detach() { c.frontend = "" }
