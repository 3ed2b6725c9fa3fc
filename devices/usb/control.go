package usb

import "encoding/binary"

// Request is a control request, USB 2.0 section 9.3.
type Request struct {
	Type, Code           uint8
	Value, Index, Length uint16
}

// ParseRequest takes the 8 bytes of a SETUP packet apart.
func ParseRequest(b [8]byte) Request {
	return Request{
		Type: b[0], Code: b[1],
		Value:  binary.LittleEndian.Uint16(b[2:]),
		Index:  binary.LittleEndian.Uint16(b[4:]),
		Length: binary.LittleEndian.Uint16(b[6:]),
	}
}

// Bytes is the inverse of [ParseRequest].
func (r Request) Bytes() (b [8]byte) {
	b[0], b[1] = r.Type, r.Code
	binary.LittleEndian.PutUint16(b[2:], r.Value)
	binary.LittleEndian.PutUint16(b[4:], r.Index)
	binary.LittleEndian.PutUint16(b[6:], r.Length)
	return b
}

// In reports whether data flows to the host.
func (r Request) In() bool { return r.Type&0x80 != 0 }

// Key is type and code as one number, as models switch on them.
func (r Request) Key() uint16 { return uint16(r.Type)<<8 | uint16(r.Code) }

// Keys of the standard requests, USB 2.0 table 9-3.
const (
	getDeviceStatus       = 0x8000
	clearDeviceFeature    = 0x0001
	setDeviceFeature      = 0x0003
	setAddress            = 0x0005
	getDescriptor         = 0x8006
	getConfiguration      = 0x8008
	setConfiguration      = 0x0009
	setSelect             = 0x0030 // USB 3.0
	setIsochDelay         = 0x0031
	getInterface          = 0x810a
	setInterface          = 0x010b
	getInterfaceStatus    = 0x8100
	clearInterfaceFeature = 0x0101
	setInterfaceFeature   = 0x0103
	getEndpointStatus     = 0x8200
	clearEndpointFeature  = 0x0201
	setEndpointFeature    = 0x0203
)

// Features, USB 2.0 table 9-6 and USB 3.0 table 9-7.
const (
	featureEndpointHalt  = 0
	featureRemoteWakeup  = 1
	featureU1, featureU2 = 48, 49
)

// maxControl is the longest data stage a device takes in, in bytes.
const maxControl = 4096

// handleControl runs a whole control transfer: the controller gives request
// and data stage as one packet.
func (d *Device) handleControl(p *Packet) {
	if p.PID != Setup {
		p.Status = Stall
		return
	}
	r := ParseRequest(p.Request)
	n := min(int(r.Length), p.Size(), maxControl)
	data := make([]byte, n)
	if !r.In() {
		data = data[:p.Read(data)]
	}
	n, p.Status = d.request(r, data)
	if r.In() && p.Status == Success {
		p.Write(data[:min(n, len(data))])
	}
}

// request answers a control request: the standard ones here, others by the
// model. Models may take standard requests over for what only they know.
func (d *Device) request(r Request, data []byte) (int, Status) {
	if n, s, ok := d.standard(r, data); ok {
		return n, s
	}
	if m, ok := d.Self().(ControlHandler); ok {
		return m.HandleControl(r, data)
	}
	return 0, Stall
}

func (d *Device) standard(r Request, data []byte) (n int, s Status, ok bool) {
	switch r.Key() {
	case setAddress:
		if r.Value > 127 {
			return 0, Stall, true
		}
		d.addr = uint8(r.Value)
		if d.addr != 0 {
			d.state = Addressed
		} else {
			d.state = Default
		}
	case getDescriptor:
		b := d.descriptor(uint8(r.Value>>8), uint8(r.Value))
		if b == nil {
			return 0, Stall, r.Value>>8 != 0x29 && r.Value>>8 != 0x2a // a hub's own
		}
		return copy(data, b), Success, true
	case getConfiguration:
		return copy(data, []byte{d.config}), Success, true
	case setConfiguration:
		if r.Value > 255 || !d.configure(uint8(r.Value)) {
			return 0, Stall, true
		}
	case getDeviceStatus:
		var v uint16
		if c := d.activeConfig(); c != nil && c.Attributes&SelfPowered != 0 {
			v |= 1
		}
		if d.wakeup {
			v |= 2
		}
		return copy(data, le(nil, v)), Success, true
	case clearDeviceFeature, setDeviceFeature:
		switch r.Value {
		case featureRemoteWakeup:
			d.wakeup = r.Key() == setDeviceFeature
		case featureU1, featureU2: // link power states cost nothing here
		default:
			return 0, Stall, true
		}
	case setSelect, setIsochDelay: // timing hints for real wires
	case getInterface:
		if int(r.Index) >= maxInterfaces {
			return 0, Stall, true
		}
		return copy(data, []byte{d.altset[r.Index]}), Success, true
	case setInterface:
		return 0, d.setAlternate(r.Index, r.Value), true
	case getInterfaceStatus:
		return copy(data, []byte{0, 0}), Success, true
	case clearInterfaceFeature, setInterfaceFeature:
	case getEndpointStatus, clearEndpointFeature, setEndpointFeature:
		n, s = d.endpointFeature(r, data)
		return n, s, true
	default:
		return 0, Stall, false
	}
	return 0, Success, true
}

func (d *Device) setAlternate(number, alternate uint16) Status {
	c := d.activeConfig()
	if c == nil {
		return Stall
	}
	for _, i := range c.Interfaces {
		if uint16(i.Number) == number && uint16(i.Alternate) == alternate && number < maxInterfaces {
			old := d.altset[number]
			d.altset[number] = i.Alternate
			d.refreshEndpoints()
			if m, ok := d.Self().(InterfaceHandler); ok {
				m.SetInterface(i.Number, old, i.Alternate)
			}
			return Success
		}
	}
	return Stall
}

func (d *Device) endpointFeature(r Request, data []byte) (int, Status) {
	ep := d.Endpoint(uint8(r.Index&0xf), r.Index&0x80 != 0)
	if ep == nil || r.Key() != getEndpointStatus && r.Value != featureEndpointHalt {
		return 0, Stall
	}
	switch r.Key() {
	case getEndpointStatus:
		status := []byte{0, 0}
		if ep.halted {
			status[0] = 1
		}
		return copy(data, status), Success
	case setEndpointFeature:
		ep.halted = ep.number != 0
	default:
		ep.halted = false
	}
	return 0, Success
}
