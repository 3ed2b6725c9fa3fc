package hid

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

// model is what tells one kind of device from another.
type model struct {
	typ, product string
	vendor, id   uint16
	strings      [12]string
	nameString   uint8 // index of the product
	configString uint8
	serialString uint8
	release      uint16 // bcdDevice
	version      uint16 // bcdHID
	power        uint8  // in 2 mA
	wakes        bool   // can wake the guest
	subclass     uint8  // 1: has a boot report
	protocol     uint8  // of the boot report: 1 keyboard, 2 mouse
	report       []byte
	packet       uint16 // bytes per report
	interval     uint8  // at high speed
	fullOnly     bool
	inputName    string
	takes        input.Kind
	late         bool                 // no input device before the guest looks at it
	state        func(*Device) []byte // the next report
}

// Device is a device of this package.
type Device struct {
	usb.Device
	model *model
	intr  *usb.Endpoint

	handler input.Handler
	asked   bool // the guest has looked at the pointer

	pointer  pointer
	keyboard keyboard
	leds     uint8

	boot   bool  // boot protocol chosen
	idle   uint8 // repeat rate, 4 ms; 0: only changes
	due    bool  // the repeat time is over
	repeat qdev.Alarm
}

type modelKey struct{}

// Register adds the types of this package.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "usb-hid", Parent: usb.DeviceType, Abstract: true})
	for _, m := range models() {
		parent := "usb-hid"
		if m.fullOnly {
			parent = usb.DeviceType
		}
		old, now := m.descriptors()
		t.Add(qom.TypeInfo{
			Name: m.typ, Parent: parent,
			New: func() qom.Instance { return new(Device) },
			ClassInit: func(c *qom.Class) {
				usb.SetProduct(c, m.product)
				c.SetValue(modelKey{}, class{m, old, now})
			},
		})
	}
}

type class struct {
	model    *model
	old, now *usb.Descriptors // usb_version 1 and 2
}

// RealizeUSB implements [usb.Realizer].
func (d *Device) RealizeUSB() error {
	c := d.Class().Value(modelKey{}).(class)
	desc := c.now
	if !c.model.fullOnly {
		switch v := d.StoredUint("usb_version"); v {
		case 1:
			desc = c.old
		case 2:
		default:
			return fmt.Errorf("Invalid usb version %d for usb hid device", v)
		}
	}
	d.model = c.model
	d.SetDescriptors(desc)
	d.SetSerial()
	d.intr = d.Endpoint(1, true)
	d.HandleReset()
	d.handler, d.asked = input.Handler{Name: d.model.inputName, Takes: d.model.takes, Device: d}, false
	if !d.model.late {
		d.Env().Input.Add(&d.handler)
	}
	return nil
}

// UnrealizeUSB implements [usb.Unrealizer].
func (d *Device) UnrealizeUSB() {
	d.setIdle(0)
	d.Env().Input.Remove(&d.handler)
}

// HandleReset implements [usb.ResetHandler].
func (d *Device) HandleReset() {
	d.setIdle(0)
	d.pointer, d.keyboard, d.leds, d.boot = pointer{}, keyboard{}, 0, false
}

// LEDs returns the lamps that the guest switched on: bit 0 num lock, 1 caps
// lock, 2 scroll lock.
func (d *Device) LEDs() uint8 { return d.leds }

// Receive implements [input.Device].
func (d *Device) Receive(e input.Event) {
	if e.Kind != input.Key {
		d.pointer.receive(e)
	} else if d.keyboard.receive(e) {
		d.Wake(d.intr)
	}
}

// Sync implements [input.Device].
func (d *Device) Sync() {
	if d.points() && d.pointer.sync(d.model.takes&input.Absolute != 0) {
		d.Wake(d.intr)
	}
}

// points reports whether it is no keyboard.
func (d *Device) points() bool { return d.model.takes&input.Button != 0 }

// use notes that the guest looks: from its first look on, a pointer is the one
// that moves.
func (d *Device) use() {
	if d.points() && !d.asked {
		d.asked = true
		if d.model.late {
			d.Env().Input.Add(&d.handler)
		}
		d.Env().Input.Activate(&d.handler)
	}
}

// report is what the guest gets when it looks.
func (d *Device) report() []byte {
	d.use()
	return d.model.state(d)
}

// HandleData implements [usb.DataHandler].
func (d *Device) HandleData(p *usb.Packet) {
	if p.PID != usb.In || p.Endpoint() != d.intr {
		p.Status = usb.Stall
		return
	}
	d.use()
	if !d.due && len(d.pointer.Events) == 0 && len(d.keyboard.Events) == 0 {
		p.Status = usb.Nak
		return
	}
	p.Write(d.report())
	d.restart()
}

// setIdle chooses the repeat rate, HID 1.11 section 7.2.4.
func (d *Device) setIdle(rate uint8) {
	d.idle = rate
	d.restart()
}

func (d *Device) restart() {
	d.repeat.Stop()
	d.due = false
	if d.idle == 0 {
		return
	}
	d.repeat.Set(&d.Device.Device, time.Duration(d.idle)*4*time.Millisecond, repeatTimer, d.repeatDue)
}

// repeatTimer is the name of the alarm in the ledger.
const repeatTimer = "idle rate"

func (d *Device) repeatDue() {
	d.due = true
	d.Wake(d.intr)
}
