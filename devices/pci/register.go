package pci

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Facts answers what is known of the configuration space of a type, nil when
// nothing is.
type Facts func(typ string) *catalog.PCIFacts

type factsKey struct{}

// Register adds the types of buses, functions, bridges and ports to t. facts
// serves types that have no [Class]; it may be nil.
func Register(t *qom.Types, facts Facts) {
	t.Add(qom.TypeInfo{Name: "PCI", Parent: "bus", New: func() qom.Instance { return new(Bus) }})
	t.Add(qom.TypeInfo{Name: "PCIE", Parent: "PCI"})
	t.Add(qom.TypeInfo{
		Name: "pci-device", Parent: "device", Abstract: true,
		New: func() qom.Instance { return new(Device) },
		ClassInit: func(c *qom.Class) {
			qdev.SetClass(c, qdev.Class{BusType: "PCI", UserCreatable: true, Hotpluggable: true})
			if facts != nil {
				c.SetValue(factsKey{}, facts)
			}
		},
		Init:       func(o *qom.Object) { From(o).init() },
		Properties: properties(),
	})
	registerBridges(t)
	registerPorts(t)
	registerExpanders(t)
}

// Class is what pci wants to know of a type of functions; it corresponds to
// PCIDeviceClass in QEMU.
type Class struct {
	Vendor, Device       uint16
	Class                uint16 // base class in the upper byte
	ProgIf, Revision     uint8
	Subvendor, Subsystem uint16 // both 0: QEMU's own, 1af4:1100
	IRQPin               uint8  // 0 none, 1 INTA ... 4 INTD
}

type classKey struct{}

// SetClass records the identity of a type of functions; for ClassInit.
func SetClass(c *qom.Class, info Class) { c.SetValue(classKey{}, info) }

// facts returns what is known of d's type, nil when nothing is.
func (d *Device) facts() *catalog.PCIFacts {
	if f, ok := d.Class().Value(factsKey{}).(Facts); ok {
		return f(d.TypeName())
	}
	return nil
}

// identity returns the identity of d: that of its class, or else what is known
// of its type.
func (d *Device) identity() Class {
	if info, ok := d.Class().Value(classKey{}).(Class); ok {
		return info
	}
	f := d.facts()
	if f == nil {
		return Class{}
	}
	return Class{
		Vendor: f.Vendor, Device: f.Device, Class: f.Class, ProgIf: f.ProgIf, Revision: f.Revision,
		Subvendor: f.Subvendor, Subsystem: f.Subsystem, IRQPin: f.IRQPin,
	}
}
