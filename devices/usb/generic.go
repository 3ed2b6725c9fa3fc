package usb

import (
	"errors"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// generic is a device type without a model of its own: it plugs, shows up, can
// be enumerated and unplugged, and has nothing to say on its endpoints.
type generic struct {
	typ, product           string
	vendor, id             uint16
	mask                   SpeedMask
	class, subclass, proto uint8
	manual                 bool // somebody else decides when it is attached
	check                  func(*qom.Object) error
	desc                   *Descriptors // nil: made up from the above
	bus                    string       // that it offers to one device; empty: none
}

type genericKey struct{}

// required refuses a device without a backend, in the words of its model.
func required(prop, text string) func(*qom.Object) error {
	return func(o *qom.Object) error {
		if qdev.BackendOf(o, prop) == nil {
			return errors.New(text)
		}
		return nil
	}
}

// unavailable refuses a device that needs something of the host that is not
// there; QEMU says the same on such a host.
func unavailable(text string) func(*qom.Object) error {
	return func(*qom.Object) error { return errors.New(text) }
}

func absoluteRoot(o *qom.Object) error {
	if root := o.StoredString("rootdir"); root == "" || root[0] != '/' {
		return errors.New("usb-mtp: rootdir must be configured and be an absolute path")
	}
	return nil
}

// generics lists them, with what QEMU demands of each before it is realized.
func generics() []generic {
	full, high, low := Mask(FullSpeed), Mask(FullSpeed, HighSpeed), Mask(LowSpeed)
	return []generic{
		{typ: "usb-serial", product: "QEMU USB Serial", vendor: 0x0403, id: 0x6001, mask: full, class: 0xff,
			check: required("chardev", "Property chardev is required")},
		{typ: "usb-braille", product: "QEMU USB Braille", vendor: 0x0403, id: 0xfe72, mask: full, class: 0xff,
			check: required("chardev", "Property chardev is required")},
		{typ: "usb-redir", product: "USB Redirection Device", mask: low, manual: true,
			check: required("chardev", "Parameter 'chardev' is missing")},
		{typ: "usb-host", product: "USB Host Device", mask: low, manual: true},
		{typ: "usb-ccid", product: "QEMU USB CCID", desc: smartCardReader(), bus: "ccid-bus"},
		{typ: "usb-mtp", product: "QEMU USB MTP", vendor: 0x46f4, id: 0x0004, mask: high, class: 0x06, subclass: 1, proto: 1,
			check: absoluteRoot},
		{typ: "usb-net", product: "QEMU USB Network Interface", desc: networkAdapter()},
		{typ: "usb-audio", product: "QEMU USB Audio Interface", vendor: 0x46f4, id: 0x0002, mask: full, class: 0x01, subclass: 1,
			check: qdev.DemandAudio},
		{typ: "u2f-passthru", product: "Pass-through U2F USB key", vendor: 0x46f4, id: 0x0005, mask: full, class: 0x03,
			check: unavailable("u2f-passthru: Failed to find a U2F USB device")},
	}
}

func registerGeneric(t *qom.Types) {
	for _, g := range generics() {
		desc := g.desc
		if desc == nil {
			desc = g.descriptors()
		}
		t.Add(qom.TypeInfo{Name: g.typ, Parent: DeviceType, ClassInit: func(c *qom.Class) {
			SetProduct(c, g.product)
			c.SetValue(genericKey{}, genericClass{desc, g.check, g.manual, g.bus})
		}})
	}
}

type genericClass struct {
	desc   *Descriptors
	check  func(*qom.Object) error
	manual bool
	bus    string
}

// descriptors makes a device with one interface and no endpoints but the
// control endpoint.
func (g generic) descriptors() *Descriptors {
	l := &Layout{Version: 0x0200, MaxPacket0: 64, Configs: []Config{{
		Value: 1, Attributes: AlwaysSet | SelfPowered,
		Interfaces: []Interface{{Class: g.class, Subclass: g.subclass, Protocol: g.proto}},
	}}}
	d := &Descriptors{
		Vendor: g.vendor, Product: g.id, Strings: [12]string{1: "QEMU", 2: g.product, 3: "1"},
		ManufacturerString: 1, ProductString: 2, SerialString: 3,
	}
	for s, at := range map[Speed]**Layout{LowSpeed: &d.Low, FullSpeed: &d.Full, HighSpeed: &d.High} {
		if g.mask.Has(s) {
			*at = l
		}
	}
	return d
}

// realizeGeneric starts a device without a model.
func (d *Device) realizeGeneric() error {
	g, ok := d.Class().Value(genericKey{}).(genericClass)
	if !ok {
		g.desc = generic{product: d.product, mask: Mask(FullSpeed)}.descriptors()
	}
	if g.check != nil {
		if err := g.check(&d.Object); err != nil {
			return err
		}
	}
	if g.bus != "" {
		b := qdev.InitBus(new(qdev.Bus), g.bus, d.Qdev(), nil, "")
		b.MaxDevices = 1
		b.SetHandler(b)
	}
	d.SetDescriptors(g.desc)
	if g.manual {
		d.SetManual()
		d.speed = LowSpeed
	} else {
		d.SetSerial()
	}
	return nil
}
