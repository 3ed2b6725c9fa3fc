package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

const (
	serialQueue     = 128
	serialControl   = 32             // size of the control queues
	serialMost      = maxQueue/2 - 1 // ports that the number of queues allows
	serialMultiport = 1              // features
	serialEmergency = 2

	controlInQueue  = 2
	controlOutQueue = 3
)

// Serial is virtio-serial-device, with the bus for its ports. It decides itself
// about ports that come and go, at once.
type Serial struct {
	Device
	bus   SerialBus
	ports map[uint32]*Port
	most  uint32
}

// SerialBus is virtio-serial-bus.
type SerialBus struct{ qdev.Bus }

// RealizeVirtio implements [Model].
func (s *Serial) RealizeVirtio() error {
	s.most = uint32(s.StoredUint("max_ports"))
	switch {
	case s.most == 0:
		return errors.New("Maximum number of serial ports not specified")
	case s.most > serialMost:
		return fmt.Errorf("maximum ports supported: %d", serialMost)
	}
	s.Offer(serialEmergency)
	if s.most > 1 {
		s.Offer(serialMultiport)
	}
	s.ports = map[uint32]*Port{}
	for _, n := range [...]int{serialQueue, serialQueue, serialControl, serialControl} {
		s.AddQueue(n)
	}
	for range 2 * (int(s.most) - 1) {
		s.AddQueue(serialQueue)
	}
	qdev.InitBus(&s.bus, "virtio-serial-bus", s.Qdev(), nil, s.busName())
	s.bus.SetHandler(s)
	return nil
}

// ConfigSize implements [Configured].
func (s *Serial) ConfigSize() int { return 12 }

// Config implements [Configured], VIRTIO 1.2 section 5.3.4.
func (s *Serial) Config(p []byte) { binary.LittleEndian.PutUint32(p[4:], s.most) }

// port returns the number of the port of a queue.
func (s *Serial) port(q *Queue) *Port {
	n := uint32(q.Index() / 2)
	if n > 0 {
		n-- // the control queues come after those of port 0
	}
	return s.ports[n]
}

// Notify implements [Notified].
func (s *Serial) Notify(q *Queue) {
	switch {
	case q.Index() == controlOutQueue:
		q.Each(s.command)
	case q.Index()%2 == 0:
		return // buffers for what comes in
	default:
		port := s.port(q)
		q.Each(func(e *Element) {
			if port != nil {
				port.receive(e)
			}
			q.Push(e, 0)
		})
	}
	q.Signal()
}

// Plug implements [qdev.Plugger]: a port was realized.
func (s *Serial) Plug(d *qdev.Device) error {
	if p := portOf(d); p != nil {
		s.send(p.number, portAdd, 1, nil)
	}
	return nil
}

// Unplug implements [qdev.Unplugger].
func (s *Serial) Unplug(d *qdev.Device) error {
	d.Unrealize()
	return nil
}

// StatusChanged implements [StatusWatcher]: without a driver nobody has a port
// open.
func (s *Serial) StatusChanged(_, now uint8) {
	if now&StatusDriverOK == 0 {
		for _, p := range s.ports {
			p.setGuest(false)
		}
	}
}

// Port is virtserialport or virtconsole.
type Port struct {
	qdev.Device
	serial  *Serial
	number  uint32
	console bool
	guest   bool // has it open
}

// noPort is the value of nr that leaves the number to the device.
const noPort = 0xffffffff

func portOf(d *qdev.Device) *Port {
	p, _ := d.Self().(*Port)
	return p
}

// Number returns the port's number on its device.
func (p *Port) Number() uint32 { return p.number }

// Open reports whether the guest has the port open.
func (p *Port) Open() bool { return p.guest }

// Realize implements [qdev.Realizer]; the checks come in QEMU's order.
func (p *Port) Realize() error {
	p.serial, _ = p.Bus().Device().Self().(*Serial)
	if p.serial == nil {
		return fmt.Errorf("port '%s' is not on a virtio-serial device", p.Label())
	}
	s, name := p.serial, p.StoredString("name")
	p.number = uint32(p.StoredUint("nr"))
	if s.ports[p.number] != nil {
		return fmt.Errorf("virtio-serial-bus: A port already exists at id %d", p.number)
	}
	for _, other := range s.ports {
		if name != "" && other.StoredString("name") == name {
			return fmt.Errorf("virtio-serial-bus: A port already exists by name %s", name)
		}
	}
	if p.number == noPort {
		// Number 0 is kept for the first console.
		for p.number = 1; s.ports[p.number] != nil; p.number++ {
		}
		if p.console && s.ports[0] == nil {
			p.number = 0
		}
	}
	if p.number >= s.most {
		return fmt.Errorf("virtio-serial-bus: Out-of-range port id specified, max. allowed: %d", s.most-1)
	}
	if p.number == 0 && !p.console {
		return fmt.Errorf("Port number 0 on virtio-serial devices reserved for virtconsole devices for backward compatibility.")
	}
	p.Store("nr", uint64(p.number))
	s.ports[p.number] = p
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (p *Port) Unrealize() {
	if p.serial == nil {
		return
	}
	p.serial.send(p.number, portRemove, 1, nil)
	p.setGuest(false)
	delete(p.serial.ports, p.number)
	p.serial = nil
}

// setGuest notes whether the guest has the port open, and tells the monitors.
func (p *Port) setGuest(open bool) {
	if p.guest == open {
		return
	}
	p.guest = open
	if p.ID() != "" {
		p.Env().Emit("VSERPORT_CHANGE", PortChange{ID: p.ID(), Open: open})
	}
}

// PortChange is the data of VSERPORT_CHANGE.
type PortChange struct {
	Open bool   `json:"open"`
	ID   string `json:"id"`
}

func registerPorts(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "virtio-serial-bus", Parent: "bus", New: func() qom.Instance { return new(SerialBus) }})
	t.Add(qom.TypeInfo{
		Name: "virtio-serial-port", Parent: "device", Abstract: true,
		New: func() qom.Instance { return new(Port) },
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.BusType = "virtio-serial-bus" })
		},
	})
	t.Add(qom.TypeInfo{Name: "virtconsole", Parent: "virtserialport", New: func() qom.Instance { return &Port{console: true} }})
}
