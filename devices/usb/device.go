package usb

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// DeviceType is the abstract type of all USB devices.
const DeviceType = "usb-device"

// State is where a device is in the life of USB 2.0, section 9.1.
type State uint8

// The states a guest can bring a device into.
const (
	NotAttached State = iota
	Attached
	Default
	Addressed
	Configured
)

// Device is the base of every USB device; it corresponds to USBDevice in QEMU.
type Device struct {
	qdev.Device

	port     *Port
	place    string // the path of the port to take, where the property leaves it open
	product  string
	manual   bool // not attached when realized
	attached bool
	state    State
	speed    Speed
	mask     SpeedMask
	addr     uint8
	config   uint8 // bConfigurationValue, 0 for none
	altset   [maxInterfaces]uint8
	wakeup   bool // the guest allowed remote wake-up
	desc     *Descriptors
	strings  map[uint8]string // of the device, before those of desc

	control Endpoint
	in, out [maxEndpoints]Endpoint // number n at n-1
}

const (
	maxEndpoints  = 15
	maxInterfaces = 16
)

// A Realizer starts a model. The device has its port, and is not attached yet.
type Realizer interface{ RealizeUSB() error }

// An Unrealizer undoes that. The device is detached and still has its port.
type Unrealizer interface{ UnrealizeUSB() }

// An AttachHandler is told when the device was attached.
type AttachHandler interface{ HandleAttach() }

// A DetachHandler is told when the device was detached.
type DetachHandler interface{ HandleDetach() }

// A ResetHandler is told when the guest reset the device's port.
type ResetHandler interface{ HandleReset() }

// An InterfaceHandler is told when the guest chose an alternate setting.
type InterfaceHandler interface {
	SetInterface(number, old, alternate uint8)
}

// USBDevice returns d; every model that embeds a Device has it.
func (d *Device) USBDevice() *Device { return d }

// DeviceOf returns the USB device that o is, nil when it is none.
func DeviceOf(o *qom.Object) *Device {
	if m, ok := o.Self().(interface{ USBDevice() *Device }); ok {
		return m.USBDevice()
	}
	return nil
}

// USBBus returns the bus the device sits on, nil for none.
func (d *Device) USBBus() *Bus { return BusOf(&d.Device) }

// Port returns the port the device has, nil for none.
func (d *Device) Port() *Port { return d.port }

// Place implements [qdev.Placer]: the path of the port.
func (d *Device) Place() string {
	if d.port == nil {
		return ""
	}
	return d.port.path
}

// PlaceAt implements [qdev.Placer].
func (d *Device) PlaceAt(path string) { d.place = path }

// Product returns the description that messages and "info usb" use.
func (d *Device) Product() string { return d.product }

// Speed returns the speed the device was attached with.
func (d *Device) Speed() Speed { return d.speed }

// State returns how far the guest has got with the device.
func (d *Device) State() State { return d.state }

// Address returns the address the guest gave, 0 for none.
func (d *Device) Address() uint8 { return d.addr }

// Attached reports whether the device is connected to its port.
func (d *Device) Attached() bool { return d.attached }

// RemoteWakeup reports whether the guest lets the device wake it.
func (d *Device) RemoteWakeup() bool { return d.wakeup }

// SetManual keeps the device from being attached when it is realized; whoever
// sets it attaches it later, when it is ready. For RealizeUSB.
func (d *Device) SetManual() { d.manual = true }

// Revivable says that the device may be realized again after unrealize.
func (d *Device) Revivable() bool { return true }

// Realize implements [qdev.Realizer]: claim a port, start the model, attach.
func (d *Device) Realize() error {
	bus := d.USBBus()
	if bus == nil {
		return fmt.Errorf("usb device %s needs a bus", d.TypeName())
	}
	d.product, d.manual, d.strings = product(&d.Object), false, nil
	d.clearEndpoints()
	if err := bus.claim(d); err != nil {
		return err
	}
	if err := d.realizeModel(); err != nil {
		bus.release(d)
		return err
	}
	if d.manual {
		return nil
	}
	if err := d.Attach(); err != nil {
		d.Unrealize()
		return err
	}
	return nil
}

func (d *Device) realizeModel() error {
	if m, ok := d.Self().(Realizer); ok {
		return m.RealizeUSB()
	}
	return d.realizeGeneric()
}

// Unrealize implements [qdev.Unrealizer].
func (d *Device) Unrealize() {
	d.Detach()
	if m, ok := d.Self().(Unrealizer); ok {
		m.UnrealizeUSB()
	}
	if d.port != nil {
		d.port.bus.release(d)
	}
}

// Attach connects the device to its port, at the fastest speed that both have.
func (d *Device) Attach() error {
	p := d.port
	if d.attached || p == nil {
		return nil
	}
	common := d.mask & p.mask
	speed, ok := common.Fastest()
	if !ok {
		return fmt.Errorf("Warning: speed mismatch trying to attach usb device %q (%s speed) to bus %q, port %q (%s speed)",
			d.product, d.mask, p.bus.BusName(), p.path, p.mask)
	}
	d.attached, d.speed, d.state = true, speed, Attached
	d.configure(0)
	p.ops.Attach(p)
	if m, ok := d.Self().(AttachHandler); ok {
		m.HandleAttach()
	}
	return nil
}

// Detach disconnects the device. Packets in flight are cancelled.
func (d *Device) Detach() {
	if !d.attached {
		return
	}
	p := d.port
	p.ops.Detach(p)
	if root := p.Root(); root != p {
		root.ops.ChildDetach(root, d)
	}
	d.abortAll()
	d.attached, d.state, d.addr, d.wakeup = false, NotAttached, 0, false
	if m, ok := d.Self().(DetachHandler); ok {
		m.HandleDetach()
	}
}

// ResetPort is what a device notices of a reset of its port: the guest starts
// over, at address 0.
func (d *Device) ResetPort() {
	if !d.attached {
		return
	}
	d.abortAll()
	d.addr, d.wakeup, d.state = 0, false, Default
	d.configure(0)
	if m, ok := d.Self().(ResetHandler); ok {
		m.HandleReset()
	}
}

// Wake tells the controller that the endpoint has data, so that it polls again.
// Where the guest allowed it a sleeping port is woken too.
func (d *Device) Wake(ep *Endpoint) {
	if !d.attached || !d.Realized() {
		return
	}
	if d.wakeup {
		d.port.ops.Wakeup(d.port)
	}
	if w := d.port.bus.Waker; w != nil {
		w.EndpointReady(ep)
	}
}

// A Waker is a controller that does not poll by itself: it wants to know which
// endpoint has data.
type Waker interface{ EndpointReady(ep *Endpoint) }
