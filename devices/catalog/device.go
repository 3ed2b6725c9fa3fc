package catalog

import "github.com/qomd/qomd/devices/catalog/format"

// DeviceFacts is what is known of a device type beyond its properties. None of
// it is told by QMP; it was observed on a real QEMU, see package qmp/capture.
type DeviceFacts struct {
	// UserCreatable tells that device_add and -device accept the type; for
	// others QEMU says "Parameter 'driver' expects a pluggable device type".
	UserCreatable bool `json:"user_creatable,omitempty"`

	// Hotpluggable is false for types for which device_add on a running
	// machine says "Device 'X' does not support hotplugging".
	// HotplugTold is false where QEMU refuses earlier, because the bus such a
	// device sits on never takes one while the machine runs (ISA, IDE, HDA).
	Hotpluggable bool `json:"hotpluggable,omitempty"`
	HotplugTold  bool `json:"hotplug_told,omitempty"`

	// Bus is the type of bus the device sits on ("PCI", "usb-bus", "ISA"),
	// "" for devices without one. Alias is a second name device_add accepts.
	Bus   string `json:"bus,omitempty"`
	Alias string `json:"alias,omitempty"`

	// Category is the heading "-device help" lists the device under:
	// "Network", "Storage", ..., "Uncategorized".
	Category string `json:"category,omitempty"`

	// QtreeOrder lists the properties "info qtree" prints for the device, in
	// the order it prints them; nil when the device was never plugged.
	QtreeOrder []string `json:"qtree,omitempty"`

	PCI *PCIFacts `json:"pci,omitempty"` // nil unless the device was seen on a PCI bus
	// PCIePort is what changes behind a PCI Express root port, nil when
	// nothing does: virtio devices lose their legacy half there, and others
	// gain an Express capability.
	PCIePort *PCIFacts `json:"pcie_port,omitempty"`

	USB *USBFacts `json:"usb,omitempty"` // nil unless the device was seen on a USB bus
}

// PCIFacts is the configuration space of a freshly plugged PCI device with
// default properties, on the root bus of a q35 machine where it could be
// plugged there, else of a pc machine.
type PCIFacts struct {
	Vendor, Device       uint16
	Class                uint16 // base class in the upper byte, as query-pci tells
	ProgIf, Revision     uint8
	Subvendor, Subsystem uint16
	BARs                 []BAR
	IRQPin               uint8 // 0 none, 1 INTA ... 4 INTD
	IsBridge             bool

	// IsExpress tells that the device has a PCI Express capability there.
	IsExpress bool

	// Capabilities is the chain of the conventional configuration space, in
	// the order a driver walks it.
	Capabilities []Capability
}

// Capability is an entry of the capability list of a PCI device.
type Capability struct {
	ID     uint8 // as the PCI specification numbers them: 1 power, 5 MSI, 0x10 Express, 0x11 MSI-X
	Offset uint8 // in configuration space
}

// BAR is one base address register that is in use.
type BAR struct {
	Number   int
	IO       bool
	Size     int64 // in bytes; 0 when the observation could not tell
	Prefetch bool
	Mem64    bool
}

// USBFacts is what "info usb" tells of a device.
type USBFacts struct {
	Speed   string // in Mb/s as QEMU writes it: "1.5", "12", "480", "5000"
	Product string
}

// Device returns the observed facts of a device type; false when the catalog
// has none: types that are no devices, and those that users cannot make and that
// came with none of the machines of the capture.
func (c *Catalog) Device(name string) (DeviceFacts, bool) {
	i := c.find(name)
	if i < 0 || c.devices.String(i) == "" {
		return DeviceFacts{}, false
	}
	if d := c.plugged[i].Load(); d != nil {
		return *d, true
	}
	d := c.deviceAt(i)
	if !c.plugged[i].CompareAndSwap(nil, d) {
		d = c.plugged[i].Load()
	}
	return *d, true
}

// DeviceByAlias resolves the second name of a device type, as device_add does
// ("virtio-net" is "virtio-net-pci"). Names that are no alias give "".
func (c *Catalog) DeviceByAlias(alias string) string {
	c.aliasesOnce.Do(func() {
		c.aliases = map[string]string{}
		for i := range c.devices.Len() {
			if c.devices.String(i) == "" {
				continue
			}
			if d := c.deviceAt(i); d.Alias != "" {
				c.aliases[d.Alias] = c.typeName(i)
			}
		}
	})
	return c.aliases[alias]
}

func (c *Catalog) deviceAt(i int) *DeviceFacts {
	cur := c.devices.At(i)
	flags := cur.Uint()
	d := &DeviceFacts{
		UserCreatable: flags&format.DeviceUserCreatable != 0,
		Hotpluggable:  flags&format.DeviceHotpluggable != 0,
		HotplugTold:   flags&format.DeviceHotplugTold != 0,
		Bus:           c.str(&cur),
		Alias:         c.str(&cur),
		Category:      c.str(&cur),
		QtreeOrder:    c.strs(&cur),
	}
	if flags&format.DevicePCI != 0 {
		d.PCI = pciFacts(&cur)
	}
	if flags&format.DevicePCIePort != 0 {
		d.PCIePort = pciFacts(&cur)
	}
	if flags&format.DeviceUSB != 0 {
		d.USB = &USBFacts{Speed: c.str(&cur), Product: c.str(&cur)}
	}
	return d
}

func pciFacts(cur *format.Cursor) *PCIFacts {
	flags := cur.Uint()
	p := &PCIFacts{
		IsBridge:  flags&format.PCIBridge != 0,
		IsExpress: flags&format.PCIExpress != 0,
		Vendor:    uint16(cur.Uint()),
		Device:    uint16(cur.Uint()),
		Class:     uint16(cur.Uint()),
		ProgIf:    uint8(cur.Uint()),
		Revision:  uint8(cur.Uint()),
		Subvendor: uint16(cur.Uint()),
		Subsystem: uint16(cur.Uint()),
		IRQPin:    uint8(cur.Uint()),
	}
	for range cur.Count() {
		flags := cur.Uint()
		p.BARs = append(p.BARs, BAR{
			Number:   int(cur.Uint()),
			Size:     int64(cur.Uint()),
			IO:       flags&format.BARIO != 0,
			Prefetch: flags&format.BARPrefetch != 0,
			Mem64:    flags&format.BARMem64 != 0,
		})
	}
	for range cur.Count() {
		p.Capabilities = append(p.Capabilities, Capability{ID: uint8(cur.Uint()), Offset: uint8(cur.Uint())})
	}
	return p
}
