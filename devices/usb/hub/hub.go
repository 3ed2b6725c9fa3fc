package hub

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

const (
	maxPorts = 8
	maxDepth = 5 // hubs in a row, USB 2.0 section 4.1.1
)

// Hub is the device usb-hub.
type Hub struct {
	usb.Device
	ports [maxPorts]port
	n     int
	power bool // the ports have power switches
	intr  *usb.Endpoint
}

type port struct {
	usb.Port
	status, change uint16
}

// Register adds the type usb-hub.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: usb.HubType, Parent: usb.DeviceType,
		New:       func() qom.Instance { return new(Hub) },
		ClassInit: func(c *qom.Class) { usb.SetProduct(c, "QEMU USB Hub") },
	})
}

// RealizeUSB implements [usb.Realizer].
func (h *Hub) RealizeUSB() error {
	n := h.StoredUint("ports")
	if n < 1 || n > maxPorts {
		return fmt.Errorf("num_ports (%d) out of range (1..%d)", n, maxPorts)
	}
	if h.Port().Hubs() == maxDepth {
		return errors.New("usb hub chain too deep")
	}
	h.n, h.power = int(n), h.StoredBool("port-power")
	h.SetDescriptors(&descriptors)
	h.SetSerial()
	h.intr = h.Endpoint(1, true)
	for i := range h.n {
		h.USBBus().AddHubPort(&h.ports[i].Port, &h.Device, h, i, usb.USB1Mask)
	}
	h.HandleReset()
	return nil
}

// UnrealizeUSB implements [usb.Unrealizer]: devices behind the hub leave.
func (h *Hub) UnrealizeUSB() {
	bus := h.USBBus()
	for i := range h.n {
		bus.RemovePort(&h.ports[i].Port)
	}
	h.n = 0
}

// HandleReset implements [usb.ResetHandler].
func (h *Hub) HandleReset() {
	for i := range h.n {
		p := &h.ports[i]
		p.status, p.change = statusPower, 0
		if h.power {
			p.status = 0
		}
		if d := p.Device(); d != nil && d.Attached() {
			p.status |= statusConnection
			p.change |= statusConnection
			if d.Speed() == usb.LowSpeed {
				p.status |= statusLowSpeed
			}
		}
	}
}

// Attach implements [usb.PortOps].
func (h *Hub) Attach(q *usb.Port) {
	p := &h.ports[q.Index()]
	p.status |= statusConnection
	p.change |= statusConnection
	p.status &^= statusLowSpeed
	if q.Device().Speed() == usb.LowSpeed {
		p.status |= statusLowSpeed
	}
	h.Wake(h.intr)
}

// Detach implements [usb.PortOps].
func (h *Hub) Detach(q *usb.Port) {
	p := &h.ports[q.Index()]
	p.status &^= statusConnection
	p.change |= statusConnection
	if p.status&statusEnable != 0 {
		p.status &^= statusEnable
		p.change |= statusEnable
	}
	h.Wake(h.intr)
}

// ChildDetach implements [usb.PortOps]; only root ports are told.
func (h *Hub) ChildDetach(*usb.Port, *usb.Device) {}

// Wakeup implements [usb.PortOps]: a sleeping port wakes, and the hub passes
// it on.
func (h *Hub) Wakeup(q *usb.Port) {
	p := &h.ports[q.Index()]
	if p.status&statusSuspend != 0 {
		p.change |= statusSuspend
		h.Wake(h.intr)
	}
}

// Complete implements [usb.PortOps]; packets go to the root port.
func (h *Hub) Complete(*usb.Port, *usb.Packet) {}

// HandleData implements [usb.DataHandler]: the status change endpoint has one
// bit per port that changed, USB 2.0 section 11.12.4.
func (h *Hub) HandleData(p *usb.Packet) {
	if p.PID != usb.In || p.Endpoint().Number() != 1 {
		p.Status = usb.Stall
		return
	}
	var bits uint16
	for i := range h.n {
		if h.ports[i].change != 0 {
			bits |= 2 << i
		}
	}
	if bits == 0 {
		p.Status = usb.Nak
		return
	}
	n := (h.n + 1 + 7) / 8
	p.Write([]byte{uint8(bits), uint8(bits >> 8)}[:n])
}
