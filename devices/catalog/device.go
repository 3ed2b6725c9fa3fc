package catalog

import "github.com/qomd/qomd/devices/catalog/format"

// DeviceFacts is what is known of a device type beyond its properties. None of
// it is told by QMP; it was observed on a real QEMU by program gen/capture.
type DeviceFacts struct {
	// UserCreatable tells that device_add and -device accept the type; for
	// others QEMU says "Parameter 'driver' expects a pluggable device type".
	UserCreatable bool

	// Hotpluggable is false for types for which device_add on a running
	// machine says "Device 'X' does not support hotplugging".
	Hotpluggable bool

	// Bus is the type of bus the device sits on ("PCI", "usb-bus", "ISA"),
	// "" for devices without one. Alias is a second name device_add accepts.
	Bus, Alias string

	// Category is the heading "-device help" lists the device under, as
	// "network", "storage", ...; "" when it is uncategorized.
	Category string

	PCI *PCIFacts // nil unless the device was seen on a PCI bus
	USB *USBFacts // nil unless the device was seen on a USB bus
}

// PCIFacts is the configuration space of a freshly plugged PCI device with
// default properties.
type PCIFacts struct {
	Vendor, Device       uint16
	Class                uint16 // base class in the upper byte, as query-pci tells
	ProgIf, Revision     uint8
	Subvendor, Subsystem uint16
	BARs                 []BAR
	IRQPin               uint8 // 0 none, 1 INTA ... 4 INTD
	IsBridge             bool
	IsExpress            bool // it has a PCI Express capability on an Express port
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

var _ = format.Devices

// Device returns the observed facts of a device type; false when the catalog
// has none (7.2 has none, and types that are no devices have none).
func (c *Catalog) Device(name string) (DeviceFacts, bool) { return DeviceFacts{}, false }
