package nvme

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

const (
	busType   = "nvme-bus"
	maxNSID   = 256    // name spaces of a controller
	maxPairs  = 0xffff // pairs of queues for input and output
	maxSerial = 20     // characters of a serial number
)

// Controller is nvme, with a bus for its name spaces.
type Controller struct {
	pci.Device
	bus       qdev.Bus
	subsystem *Subsystem
	names     nameSpaces // without a subsystem
}

// Subsystem is nvme-subsys: controllers and name spaces that belong together.
// It has a bus, on which the name spaces are in the end.
type Subsystem struct {
	qdev.Device
	bus   qdev.Bus
	names nameSpaces
}

// nameSpaces are name spaces by number.
type nameSpaces map[uint32]*Namespace

// Namespace is nvme-ns.
type Namespace struct {
	qdev.Device
	names nameSpaces // that it is one of
	nsid  uint32
}

// RealizePCI implements [pci.Function]. A controller without a subsystem of the
// user's makes one, as QEMU's does; it outlives the controller. Up to 7.2 it has
// the name spaces itself, and they do not come and go.
func (c *Controller) RealizePCI() error {
	switch s, given := c.Stored("serial").(string); {
	case !given:
		return errors.New("serial property not set")
	case len(s) > maxSerial:
		return fmt.Errorf("'serial' parameter '%s' can be at most '%d' characters", s, maxSerial)
	}
	if b := qdev.BackendOf(&c.Object, "drive"); b != nil {
		if err := c.Device.SettleBlockSizes(); err != nil {
			return err
		}
		c.SettleGranularity()
		if err := qdev.StartDrive(&c.Object, qdev.DriveUse{Plain: true}); err != nil {
			return err
		}
	}
	if n := c.StoredUint("max_ioqpairs"); n < 1 || n > maxPairs {
		return fmt.Errorf("max_ioqpairs must be between 1 and %d", maxPairs)
	}
	c.subsystem = nil
	if p := c.Property("subsys"); p != nil && p.Target != nil {
		if o := p.Target(&c.Object); o != nil {
			c.subsystem, _ = o.Self().(*Subsystem)
		}
	}
	plain := c.Env().Ways.PlainNVMe
	if plain {
		c.names = nameSpaces{}
	}
	if c.subsystem == nil && !plain {
		if err := c.makeSubsystem(); err != nil {
			return err
		}
	}
	c.RealizeFromFacts()
	// The bus is called as the controller is.
	qdev.InitBus(&c.bus, busType, c.Qdev(), nil, c.ID())
	if !plain {
		c.bus.SetHandler(busHandler{&c.bus})
	}
	return nil
}

func (c *Controller) makeSubsystem() error {
	o := c.Tree().NewClass(c.Tree().Types.Class("nvme-subsys"))
	defer o.Unref()
	s := o.Self().(*Subsystem)
	if err := o.Set("nqn", qom.Value(c.Stored("serial"))); err != nil {
		return err
	}
	if err := s.Device.Realize(nil); err != nil {
		return err
	}
	c.subsystem = s
	return c.Set("subsys", qom.Value(o.Path()))
}

// Realize implements [qdev.Realizer].
func (s *Subsystem) Realize() error {
	s.names = nameSpaces{}
	qdev.InitBus(&s.bus, busType, s.Qdev(), nil, s.ID())
	if !s.Env().Ways.PlainNVMe {
		s.bus.SetHandler(busHandler{&s.bus})
	}
	return nil
}

// Realize implements [qdev.Realizer]: the name space takes a number and moves
// to the bus of its controller's subsystem.
func (n *Namespace) Realize() error {
	if qdev.BackendOf(&n.Object, "drive") == nil {
		return errors.New("block backend not configured")
	}
	if n.Bus() == nil {
		return fmt.Errorf("name space '%s' is on no bus", n.Label())
	}
	if err := n.SettleBlockSizes(); err != nil {
		return err
	}
	n.SettleGranularity()
	if err := qdev.StartDrive(&n.Object, qdev.DriveUse{Plain: true}); err != nil {
		return err
	}
	names, bus := home(n.Bus().Device())
	if names == nil {
		return fmt.Errorf("name space '%s' has no subsystem", n.Label())
	}
	n.nsid = uint32(n.StoredUint("nsid"))
	switch {
	case n.nsid > maxNSID:
		return fmt.Errorf("invalid namespace id (must be between 0 and %d)", maxNSID)
	case n.nsid == 0:
		for n.nsid = 1; names[n.nsid] != nil; n.nsid++ {
		}
		if n.nsid > maxNSID {
			return errors.New("no free namespace id")
		}
		n.Store("nsid", uint64(n.nsid))
	case names[n.nsid] != nil:
		return fmt.Errorf("namespace id '%d' already allocated", n.nsid)
	}
	if err := n.MoveTo(bus); err != nil {
		return err
	}
	n.names = names
	names[n.nsid] = n
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (n *Namespace) Unrealize() {
	if n.names[n.nsid] == n {
		delete(n.names, n.nsid)
	}
	n.names = nil
}

// home returns the name spaces of a bus' device, and the bus they are on; nil
// when it is no device that has any.
func home(d *qdev.Device) (nameSpaces, *qdev.Bus) {
	if d == nil {
		return nil, nil
	}
	switch m := d.Self().(type) {
	case *Controller:
		if m.subsystem == nil {
			return m.names, &m.bus
		}
		return m.subsystem.names, &m.subsystem.bus
	case *Subsystem:
		return m.names, &m.bus
	}
	return nil, nil
}

// busHandler lets name spaces come and go at once.
type busHandler struct{ bus *qdev.Bus }

// QOM implements [qdev.HotplugHandler].
func (h busHandler) QOM() *qom.Object { return &h.bus.Object }

// Register adds the types of NVMe to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: busType, Parent: "bus"})
	t.Add(qom.TypeInfo{Name: "nvme", Parent: "pci-device", New: func() qom.Instance { return new(Controller) }})
	t.Add(qom.TypeInfo{Name: "nvme-subsys", Parent: "device", New: func() qom.Instance { return new(Subsystem) }})
	t.Add(qom.TypeInfo{Name: "nvme-ns", Parent: "device", New: func() qom.Instance { return new(Namespace) }})
}
