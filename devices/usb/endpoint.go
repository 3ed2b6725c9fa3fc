package usb

import "slices"

// EndpointType is the kind of transfers of an endpoint, as numbered by USB 2.0,
// table 9-13.
type EndpointType uint8

// The types of endpoints.
const (
	ControlEndpoint EndpointType = iota
	IsochronousEndpoint
	BulkEndpoint
	InterruptEndpoint
	invalidEndpoint EndpointType = 0xff
)

// Endpoint is one end of a pipe in a device; it corresponds to USBEndpoint in
// QEMU. Endpoints are part of their device.
type Endpoint struct {
	dev       *Device
	number    uint8
	in        bool
	typ       EndpointType
	iface     uint8
	maxPacket int
	halted    bool
	queue     []*Packet // in flight, oldest first
}

// Device returns the device of the endpoint.
func (e *Endpoint) Device() *Device { return e.dev }

// Number returns the endpoint number, 0 to 15.
func (e *Endpoint) Number() uint8 { return e.number }

// In reports whether data flows to the host. The control endpoint says false.
func (e *Endpoint) In() bool { return e.in }

// Type returns the kind of transfers.
func (e *Endpoint) Type() EndpointType { return e.typ }

// MaxPacket returns the largest packet in bytes, 0 when the endpoint is not
// part of the present configuration.
func (e *Endpoint) MaxPacket() int { return e.maxPacket }

// Halted reports whether the endpoint stalls until the guest clears it.
func (e *Endpoint) Halted() bool { return e.halted }

// Halt makes the endpoint stall every packet until the guest clears it.
func (e *Endpoint) Halt() { e.halted = true }

// Queue lists the packets in flight, oldest first.
func (e *Endpoint) Queue() []*Packet { return slices.Clone(e.queue) }

// Endpoint finds an endpoint by number and direction; nil beyond 15. Number 0
// is the control endpoint in both directions.
func (d *Device) Endpoint(number uint8, in bool) *Endpoint {
	switch {
	case number == 0:
		return &d.control
	case number > maxEndpoints:
		return nil
	case in:
		return &d.in[number-1]
	}
	return &d.out[number-1]
}

// clearEndpoints leaves only the control endpoint.
func (d *Device) clearEndpoints() {
	d.control = Endpoint{dev: d, typ: ControlEndpoint, maxPacket: 64}
	for i := range d.in {
		d.in[i] = Endpoint{dev: d, number: uint8(i + 1), in: true, typ: invalidEndpoint}
		d.out[i] = Endpoint{dev: d, number: uint8(i + 1), typ: invalidEndpoint}
	}
}

// eachEndpoint calls f for every endpoint of the device.
func (d *Device) eachEndpoint(f func(*Endpoint)) {
	f(&d.control)
	for i := range d.in {
		f(&d.in[i])
		f(&d.out[i])
	}
}

// abortAll ends every packet in flight. What the controller submits in answer
// is not touched.
func (d *Device) abortAll() {
	var list []*Packet
	d.eachEndpoint(func(e *Endpoint) { list = append(list, e.queue...) })
	for _, p := range list {
		p.abort()
	}
}

// Packets returns how many packets the device has in flight.
func (d *Device) Packets() int {
	n := 0
	d.eachEndpoint(func(e *Endpoint) { n += len(e.queue) })
	return n
}
