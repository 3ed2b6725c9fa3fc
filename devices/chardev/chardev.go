package chardev

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// Chardev is one character device; it corresponds to Chardev in QEMU.
type Chardev struct {
	qom.Object
	set     *Set
	backend Backend
	log     *logFile
	port    *port   // of a single front end
	ports   []*port // of a multiplexer
}

// Backend is the host's end of a character device.
type Backend interface {
	// TypeName is the QOM type: "chardev-socket", "chardev-null", ...
	TypeName() string
	// Filename describes the backend as query-chardev does.
	Filename() string
	// Close ends it, and every connection it has, without waiting. It may be
	// called with the machine's lock held, and more than once.
	Close() error
}

// Sink is a backend that takes what is written at once, and has nothing to
// give.
type Sink interface {
	Backend
	Write(p []byte) (int, error)
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
	registerMonitors(t)
}

// Label returns the device's id.
func (c *Chardev) Label() string { return c.Name() }

// Backend returns the host's end.
func (c *Chardev) Backend() Backend { return c.backend }

// Filename describes the device as query-chardev does.
func (c *Chardev) Filename() string { return c.backend.Filename() }

// FrontendOpen reports whether a front end has the device open.
func (c *Chardev) FrontendOpen() bool {
	for _, p := range c.allPorts() {
		if p.fe != nil && p.fe.open {
			return true
		}
	}
	return false
}

// SendBreak raises a break condition on the line behind the device, where there
// is one: only a serial port of the host has.
func (c *Chardev) SendBreak() {
	if f, ok := c.backend.(*FileLine); ok && f.kind == "serial" {
		sendBreak(f.conn.out)
	}
}

// Busy reports whether the device has a front end.
func (c *Chardev) Busy() bool {
	for _, p := range c.allPorts() {
		if p.fe != nil {
			return true
		}
	}
	return false
}

func (c *Chardev) allPorts() []*port {
	if c.port != nil {
		return []*port{c.port}
	}
	return c.ports
}

// Connect makes f a front end of the device.
func (c *Chardev) Connect(f *Frontend) error {
	if m, ok := c.backend.(*Mux); ok {
		return m.connect(f)
	}
	if c.port.fe != nil {
		return fmt.Errorf("chardev '%s' is already in use", c.Label())
	}
	c.port.attach(f)
	return nil
}

// start begins to serve the connections of the backend. The machine's lock is
// held.
func (c *Chardev) start() {
	switch b := c.backend.(type) {
	case *Mux:
		b.start(c)
	case Line:
		c.port = newPort(c)
		c.port.run(b)
	default:
		c.port = newPort(c)
	}
}

// stop closes the backend. Front ends, if any, stay attached.
func (c *Chardev) stop() error {
	err := c.backend.Close()
	for _, p := range c.allPorts() {
		p.stop()
	}
	c.log.close()
	return err
}
