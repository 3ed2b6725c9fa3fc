package usb

// Descriptors are what a device says of itself, USB 2.0 section 9.6 and USB 3.0
// section 9.6, as data shared by all devices of a type. A device type that
// works at several speeds has one Layout for each.
type Descriptors struct {
	Vendor, Product uint16
	Release         uint16 // bcdDevice
	// Strings by index; those that are used below, and others that a guest may
	// ask for.
	Strings [12]string
	// Index of the strings in the device descriptor, 0 for none.
	ManufacturerString, ProductString, SerialString uint8

	// VendorOS tells that the device has descriptors for Microsoft's systems,
	// which takes USB 2.0 and a string that says so; the property msos-desc
	// switches them off.
	VendorOS bool

	Low, Full, High, Super *Layout
}

// Layout is a device descriptor and its configurations for one speed.
type Layout struct {
	Version                   uint16 // bcdUSB, 0x0200 for 2.0
	Class, Subclass, Protocol uint8
	MaxPacket0                uint8 // an exponent of 2 at super speed
	Configs                   []Config
}

// Config is one configuration.
type Config struct {
	Value      uint8 // bConfigurationValue
	String     uint8
	Attributes uint8 // bit 7 always, 6 self-powered, 5 remote wake-up
	MaxPower   uint8 // in 2 mA, or 8 mA at super speed
	Interfaces []Interface
}

// Interface is one alternate setting of an interface.
type Interface struct {
	Number, Alternate         uint8
	Class, Subclass, Protocol uint8
	String                    uint8
	Extra                     []byte // class descriptors, before the endpoints
	Endpoints                 []EndpointInfo
}

// EndpointInfo is one endpoint.
type EndpointInfo struct {
	Address   uint8 // number, and 0x80 for IN
	Type      EndpointType
	MaxPacket uint16
	Interval  uint8
	Extra     []byte // class descriptors, after this one
	MaxBurst  uint8  // super speed companion
	Streams   uint8  // exponent of 2, super speed bulk
}

// The attributes of a configuration.
const (
	AlwaysSet    = 0x80
	SelfPowered  = 0x40
	RemoteWakeup = 0x20
)

// layout returns what the device says at a speed, nil for nothing.
func (t *Descriptors) layout(s Speed) *Layout {
	return [...]*Layout{LowSpeed: t.Low, FullSpeed: t.Full, HighSpeed: t.High, SuperSpeed: t.Super}[s]
}

// Mask returns the speeds the device has descriptors for.
func (t *Descriptors) Mask() SpeedMask {
	var m SpeedMask
	for s := LowSpeed; s <= SuperSpeed; s++ {
		if t.layout(s) != nil {
			m |= 1 << s
		}
	}
	return m
}

// SetDescriptors tells what the device says of itself, and so which speeds it
// has. For RealizeUSB.
func (d *Device) SetDescriptors(t *Descriptors) {
	d.desc, d.mask = t, t.Mask()
	d.speed = FullSpeed // what "info usb" says of a device that is not attached
}

// SetString replaces a string descriptor of this device.
func (d *Device) SetString(index uint8, s string) {
	if d.strings == nil {
		d.strings = map[uint8]string{}
	}
	d.strings[index] = s
}

// SetSerial makes the serial number: the property, or else one made of the
// type's own, the controller and the port, so that no two are alike.
func (d *Device) SetSerial() {
	s := d.StoredString("serial")
	if s == "" {
		s = d.desc.Strings[d.desc.SerialString]
		if loc := d.USBBus().Location; loc != "" {
			s += "-" + loc
		}
		s += "-" + d.port.path
	}
	d.SetString(d.desc.SerialString, s)
}

// String returns a string descriptor, empty for none.
func (d *Device) String(index uint8) string {
	if s, ok := d.strings[index]; ok {
		return s
	}
	if d.desc != nil && int(index) < len(d.desc.Strings) {
		return d.desc.Strings[index]
	}
	return ""
}

// layout returns what the device says at its present speed.
func (d *Device) layout() *Layout {
	if d.desc == nil {
		return nil
	}
	return d.desc.layout(d.speed)
}

// activeConfig returns the configuration the guest chose, nil for none.
func (d *Device) activeConfig() *Config {
	l := d.layout()
	if l == nil {
		return nil
	}
	for i := range l.Configs {
		if l.Configs[i].Value == d.config {
			return &l.Configs[i]
		}
	}
	return nil
}

// configure chooses a configuration, 0 for none; false when there is no such.
func (d *Device) configure(value uint8) bool {
	old := d.config
	d.config, d.altset = value, [maxInterfaces]uint8{}
	if value != 0 && d.activeConfig() == nil {
		d.config = old
		return false
	}
	d.refreshEndpoints()
	switch {
	case value != 0:
		d.state = Configured
	case d.state == Configured:
		d.state = Addressed
	}
	return true
}

// refreshEndpoints makes the endpoints those of the configuration and its
// alternate settings. Packets in flight end with an error.
func (d *Device) refreshEndpoints() {
	d.abortAll()
	d.clearEndpoints()
	l := d.layout()
	if l != nil {
		d.control.maxPacket = int(l.MaxPacket0)
		if d.speed == SuperSpeed {
			d.control.maxPacket = 1 << min(l.MaxPacket0, 9)
		}
	}
	c := d.activeConfig()
	if c == nil {
		return
	}
	for _, i := range c.Interfaces {
		if int(i.Number) >= maxInterfaces || d.altset[i.Number] != i.Alternate {
			continue
		}
		for _, e := range i.Endpoints {
			ep := d.Endpoint(e.Address&0xf, e.Address&0x80 != 0)
			ep.typ, ep.iface, ep.maxPacket = e.Type, i.Number, int(e.MaxPacket&0x7ff)
		}
	}
}
