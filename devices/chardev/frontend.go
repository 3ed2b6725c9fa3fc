package chardev

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Event is something that happens to a connection; QEMUChrEvent.
type Event int

// The events a front end is told of.
const (
	Opened Event = iota // somebody connected, or was connected already
	Closed
	Break // a break condition of a serial line
)

// Frontend is the machine's end of a character device: of a monitor, which
// sets Stream, or a device, which sets the functions after it. Those are called
// under the machine's lock, and may all be nil.
type Frontend struct {
	// Who is for logs: "monitor m0", "/machine/peripheral/s0 chardev".
	Who string
	// Stream serves one connection until it ends or ctx is done, when the front
	// end was taken off. It may close conn, which ends the client's connection
	// only if ctx is not done.
	Stream func(ctx context.Context, conn net.Conn)

	// Space is how many bytes Receive would take now. A front end that had none
	// calls [Frontend.AcceptInput] when it has.
	Space func() int
	// Receive takes bytes of the client, no more than Space said.
	Receive func(p []byte)
	// Event is told of connections.
	Event func(Event)
	// Writable is told that there is room again after a short write.
	Writable func()
	// Swap is told that chardev-change put another backend in place; nil: the
	// front end cannot bear it, and chardev-change is refused.
	Swap func() error

	open bool
	at   atomic.Pointer[port] // nil while it is on no device
}

// Chardev returns the device that f is a front end of, nil for none.
func (f *Frontend) Chardev() *Chardev {
	if p := f.at.Load(); p != nil {
		return p.dev
	}
	return nil
}

// Disconnect takes the front end off. A client stays connected.
func (f *Frontend) Disconnect() {
	if p := f.at.Load(); p != nil {
		p.detach(f)
	}
}

// SetOpen says whether the front end listens, which query-chardev shows.
func (f *Frontend) SetOpen(open bool) { f.open = open }

// AcceptInput says that Space may have grown.
func (f *Frontend) AcceptInput() {
	if p := f.at.Load(); p != nil {
		p.poke()
	}
}

// errFull is a short write.
var errFull = errors.New("the client does not read")

// Write sends bytes to the client. It never blocks: when too much waits for a
// client already it takes less, with an error, and Writable is called later.
// Without a client it takes all and drops it.
func (f *Frontend) Write(p []byte) (int, error) {
	if at := f.at.Load(); at != nil {
		return at.write(p)
	}
	return len(p), nil
}

// deviceKey is where a device that was attached by its property keeps its front
// end.
const deviceKey = "frontend of "

// Attach implements [qdev.Backend]: the device o becomes the front end. It gets
// its bytes once it says how, see [Of].
func (c *Chardev) Attach(o *qom.Object, prop string) error {
	f := &Frontend{Who: o.Path() + " " + prop}
	if o.Is("device") {
		f.Swap = func() error { return nil }
	}
	// The guest opens a port of virtio-serial, and nobody listens for a server
	// that only answers; with everything else it is the device that listens, from
	// the moment it works.
	f.open = (!o.Is("virtio-serial-port") || o.Is("virtconsole")) && !o.Is("vhost-user-fs-device")
	if err := c.Connect(f); err != nil {
		return err
	}
	o.Store(deviceKey+prop, f)
	return nil
}

// Detach implements [qdev.Backend].
func (c *Chardev) Detach(o *qom.Object, prop string) {
	if f, ok := o.Stored(deviceKey + prop).(*Frontend); ok {
		f.Disconnect()
		o.Store(deviceKey+prop, nil)
	}
}

// Of returns the front end that a device has through a property, nil for none.
// The device sets its functions and calls [Frontend.Ready].
func Of(o *qom.Object, prop string) *Frontend {
	f, _ := o.Stored(deviceKey + prop).(*Frontend)
	return f
}

// Ready tells that the functions of a front end are set: it is told of a client
// that is there already, and gets what that one sent.
func (f *Frontend) Ready() {
	p := f.at.Load()
	if p == nil {
		return
	}
	if f.Event != nil && p.connected() {
		f.Event(Opened)
	}
	p.poke()
}

// Write sends bytes of a device that did not ask for its front end. See
// [Frontend.Write].
func (c *Chardev) Write(p []byte) (int, error) {
	for _, q := range c.allPorts() {
		return q.write(p)
	}
	return len(p), nil
}

var _ qdev.Backend = (*Chardev)(nil)
