package usb

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/qomd/qomd/qom"
)

// PortOps is what a controller or hub does with the devices at its ports.
type PortOps interface {
	// Attach tells that a device appeared at the port; its speed is set.
	Attach(p *Port)
	// Detach tells that the device leaves; it is still there. Every packet of
	// the device that the controller has in flight must be cancelled now.
	Detach(p *Port)
	// ChildDetach tells a controller that a device leaves somewhere behind a
	// hub at its port.
	ChildDetach(p *Port, d *Device)
	// Wakeup tells that the device has something to say.
	Wakeup(p *Port)
	// Complete hands back a packet that was in flight.
	Complete(p *Port, pkt *Packet)
}

// Port is a place where a device plugs in: of a controller's root hub, or of a
// hub. It corresponds to USBPort in QEMU.
type Port struct {
	bus      *Bus
	dev      *Device
	ops      PortOps
	upstream *Device // the hub, nil for a root port
	index    int
	path     string
	hubs     int // between the controller and the port
	mask     SpeedMask
}

// AddPort registers a root port: index counts from 0, the path from 1. p is
// usually an array element of the controller.
func (b *Bus) AddPort(p *Port, ops PortOps, index int, mask SpeedMask) {
	*p = Port{bus: b, ops: ops, index: index, mask: mask, path: strconv.Itoa(index + 1)}
	b.free = append(b.free, p)
}

// AddHubPort registers a port of a hub that sits at a port itself.
func (b *Bus) AddHubPort(p *Port, hub *Device, ops PortOps, index int, mask SpeedMask) {
	up := hub.port
	*p = Port{
		bus: b, ops: ops, index: index, mask: mask, upstream: hub,
		path: fmt.Sprintf("%s.%d", up.path, index+1), hubs: up.hubs + 1,
	}
	b.free = append(b.free, p)
}

// RemovePort takes a port away; a device that sits there leaves the machine.
func (b *Bus) RemovePort(p *Port) {
	if p.dev != nil {
		p.dev.Unparent()
	}
	b.free = slices.DeleteFunc(b.free, func(q *Port) bool { return q == p })
}

// Bus returns the bus of the port.
func (p *Port) Bus() *Bus { return p.bus }

// Device returns the device that has the port, attached or not; nil for none.
func (p *Port) Device() *Device { return p.dev }

// Index returns the number of the port at its controller or hub, from 0 on.
func (p *Port) Index() int { return p.index }

// Path returns the way from the controller: "1", or "1.2" behind a hub.
func (p *Port) Path() string { return p.path }

// Hubs returns how many hubs lie between the controller and the port.
func (p *Port) Hubs() int { return p.hubs }

// Mask returns the speeds the port offers.
func (p *Port) Mask() SpeedMask { return p.mask }

// Upstream returns the hub the port belongs to, nil for a root port.
func (p *Port) Upstream() *Device { return p.upstream }

// Root returns the root port that the way to this one starts at.
func (p *Port) Root() *Port {
	for p.upstream != nil && p.upstream.port != nil {
		p = p.upstream.port
	}
	return p
}

// claim gives d a port of the bus, with QEMU's rules and errors.
func (b *Bus) claim(d *Device) error {
	var p *Port
	want, asked := d.Stored("port").(string) // an empty one is asked for as any other
	if !asked {
		want, asked = d.place, d.place != ""
	}
	d.place = ""
	if asked {
		i := slices.IndexFunc(b.free, func(p *Port) bool { return p.path == want })
		if i < 0 {
			return fmt.Errorf("usb port %s (bus %s) not found (in use?)", want, b.BusName())
		}
		p = b.free[i]
	} else {
		if len(b.free) == 1 && !d.Is(HubType) {
			b.addHub(d.Tree())
		}
		if len(b.free) == 0 {
			return fmt.Errorf("tried to attach usb device %s to a bus with no free ports", d.product)
		}
		p = b.free[0]
	}
	b.free = slices.DeleteFunc(b.free, func(q *Port) bool { return q == p })
	b.used = append(b.used, p)
	p.dev, d.port = d, p
	return nil
}

// HubType is the type of the hub that is put in when ports run out.
const HubType = "usb-hub"

// addHub spends the last free port on a hub. When that fails the device takes
// the port itself.
func (b *Bus) addHub(t *qom.Tree) {
	o, err := t.New(HubType)
	if err != nil {
		return
	}
	defer o.Unref()
	if hub := DeviceOf(o); hub.Device.Realize(&b.Bus) != nil {
		o.Unparent()
	}
}

// release gives the port of d back; it will be taken again last.
func (b *Bus) release(d *Device) {
	p := d.port
	b.used = slices.DeleteFunc(b.used, func(q *Port) bool { return q == p })
	d.port, p.dev = nil, nil
	b.free = append(b.free, p)
}

// SetMask changes the speeds the port offers, when a companion controller comes
// or goes. A device that is attached stays.
func (p *Port) SetMask(m SpeedMask) { p.mask = m }
