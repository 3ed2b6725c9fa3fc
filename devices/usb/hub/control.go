package hub

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/usb"
)

// Port status bits, USB 2.0 table 11-21; the change bits are at the same
// places, table 11-22.
const (
	statusConnection = 1 << iota
	statusEnable
	statusSuspend
	statusOvercurrent
	statusReset
	statusPower    = 0x100
	statusLowSpeed = 0x200
)

// Port features, USB 2.0 table 11-17. Those from 16 on are the change bits.
const (
	featureEnable      = 1
	featureSuspend     = 2
	featureReset       = 4
	featurePower       = 8
	featureCConnection = 16
	featureCReset      = 20
)

// Keys of the class requests, USB 2.0 table 11-15.
const (
	getHubStatus     = 0xa000
	clearHubFeature  = 0x2001
	setHubFeature    = 0x2003
	getHubDescriptor = 0xa006
	getPortStatus    = 0xa300
	clearPortFeature = 0x2301
	setPortFeature   = 0x2303
	hubDescriptor    = 0x29
)

// HandleControl implements [usb.ControlHandler].
func (h *Hub) HandleControl(r usb.Request, data []byte) (int, usb.Status) {
	switch r.Key() {
	case getHubStatus:
		return copy(data, make([]byte, 4)), usb.Success
	case clearHubFeature, setHubFeature:
		if r.Value > 1 { // local power and over-current: neither happens
			return 0, usb.Stall
		}
		return 0, usb.Success
	case getHubDescriptor, 0x8006:
		if r.Value>>8 != hubDescriptor {
			return 0, usb.Stall
		}
		return copy(data, h.descriptor()), usb.Success
	}
	if r.Index < 1 || int(r.Index) > h.n {
		return 0, usb.Stall
	}
	p := &h.ports[r.Index-1]
	switch r.Key() {
	case getPortStatus:
		var b [4]byte
		binary.LittleEndian.PutUint16(b[:], p.status)
		binary.LittleEndian.PutUint16(b[2:], p.change)
		return copy(data, b[:]), usb.Success
	case setPortFeature:
		return 0, h.setFeature(p, r.Value)
	case clearPortFeature:
		return 0, h.clearFeature(p, r.Value)
	}
	return 0, usb.Stall
}

func (h *Hub) setFeature(p *port, feature uint16) usb.Status {
	switch feature {
	case featureSuspend:
		p.status |= statusSuspend
	case featureReset:
		d := p.Device()
		if d != nil && d.Attached() {
			d.ResetPort()
			p.status |= statusEnable
			p.change |= statusReset
			h.Wake(h.intr)
		}
	case featurePower:
		p.status |= statusPower
	default:
		return usb.Stall
	}
	return usb.Success
}

func (h *Hub) clearFeature(p *port, feature uint16) usb.Status {
	switch {
	case feature == featureEnable:
		p.status &^= statusEnable
	case feature == featureSuspend:
		p.status &^= statusSuspend
	case feature == featurePower:
		if h.power {
			p.status &^= statusPower | statusEnable | statusSuspend
		}
	case feature >= featureCConnection && feature <= featureCReset:
		p.change &^= 1 << (feature - featureCConnection)
	default:
		return usb.Stall
	}
	return usb.Success
}

// descriptor is the hub descriptor, USB 2.0 section 11.23.2.1.
func (h *Hub) descriptor() []byte {
	// No over-current protection; power switches per port, or none.
	characteristics := uint8(0x0a)
	if h.power {
		characteristics = 0x09
	}
	b := []byte{0, hubDescriptor, uint8(h.n), characteristics, 0, 1, 0}
	for range (h.n + 1 + 7) / 8 {
		b = append(b, 0) // all devices removable
	}
	for range (h.n + 7) / 8 {
		b = append(b, 0xff) // obsolete, all ones
	}
	b[0] = uint8(len(b))
	return b
}

// descriptors are shared by all hubs and not changed.
var descriptors = usb.Descriptors{
	Vendor: 0x0409, Product: 0x55aa, Release: 0x0101,
	Strings:            [12]string{1: "QEMU", 2: "QEMU USB Hub", 3: "314159"},
	ManufacturerString: 1, ProductString: 2, SerialString: 3,
	Full: &usb.Layout{
		Version: 0x0110, Class: 9, MaxPacket0: 8,
		Configs: []usb.Config{{
			Value: 1, Attributes: usb.AlwaysSet | usb.SelfPowered | usb.RemoteWakeup,
			Interfaces: []usb.Interface{{
				Class: 9,
				Endpoints: []usb.EndpointInfo{{
					Address: 0x81, Type: usb.InterruptEndpoint, MaxPacket: 1 + (maxPorts+7)/8, Interval: 0xff,
				}},
			}},
		}},
	},
}
