package hid

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

// maxEvents is how many reports wait for the guest; older ones are lost, as a
// guest that does not look wants the newest state.
const maxEvents = 16

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
	state        func(*Device) []byte // the present state as a report
}

// Device is a device of this package.
type Device struct {
	usb.Device
	model *model
	intr  *usb.Endpoint

	buttons, leds uint8
	x, y          int16
	dx, dy, wheel int
	modifiers     uint8
	keys          []uint8

	reports [][]byte // that the guest has not fetched
	boot    bool     // boot protocol chosen
	idle    uint8    // repeat rate, 4 ms; 0: only changes
	due     bool     // the repeat time is over
	repeat  qdev.Alarm
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
		switch v := usb.UintOf(&d.Object, "usb_version"); v {
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
	return nil
}

// UnrealizeUSB implements [usb.Unrealizer].
func (d *Device) UnrealizeUSB() { d.setIdle(0) }

// HandleReset implements [usb.ResetHandler].
func (d *Device) HandleReset() {
	d.setIdle(0)
	d.buttons, d.leds, d.x, d.y, d.dx, d.dy, d.wheel = 0, 0, 0, 0, 0, 0, 0
	d.modifiers, d.keys, d.reports, d.boot = 0, nil, nil, false
}

// LEDs returns the lamps that the guest switched on: bit 0 num lock, 1 caps
// lock, 2 scroll lock.
func (d *Device) LEDs() uint8 { return d.leds }

// Pointer reports a movement: relative counts for a mouse, coordinates from 0
// to 0x7fff for a tablet, and the buttons that are down, bit 0 the left one.
func (d *Device) Pointer(x, y, wheel int, buttons uint8) {
	d.x, d.y = int16(min(max(x, 0), 0x7fff)), int16(min(max(y, 0), 0x7fff))
	d.dx, d.dy, d.wheel, d.buttons = x, y, wheel, buttons
	d.changed()
	d.dx, d.dy, d.wheel = 0, 0, 0
}

// Key reports a key going down or up; usage is its code in the HID usage
// tables, page 7.
func (d *Device) Key(usage uint8, down bool) {
	if usage >= 0xe0 && usage <= 0xe7 {
		bit := uint8(1) << (usage - 0xe0)
		d.modifiers &^= bit
		if down {
			d.modifiers |= bit
		}
	} else {
		keys := d.keys[:0:0]
		for _, k := range d.keys {
			if k != usage {
				keys = append(keys, k)
			}
		}
		if down {
			keys = append(keys, usage)
		}
		d.keys = keys
	}
	d.changed()
}

func (d *Device) changed() {
	if !d.Realized() {
		return
	}
	d.reports = append(d.reports, d.model.state(d))
	if len(d.reports) > maxEvents {
		d.reports = d.reports[1:]
	}
	d.Wake(d.intr)
}

// HandleData implements [usb.DataHandler].
func (d *Device) HandleData(p *usb.Packet) {
	if p.PID != usb.In || p.Endpoint() != d.intr {
		p.Status = usb.Stall
		return
	}
	switch {
	case len(d.reports) > 0:
		p.Write(d.reports[0])
		d.reports = d.reports[1:]
	case d.due:
		p.Write(d.model.state(d))
	default:
		p.Status = usb.Nak
		return
	}
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
