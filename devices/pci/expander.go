package pci

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Expander is a function of the board's root bus that brings a host bridge of
// its own, with a root bus whose number is the property bus_nr. It corresponds
// to PXBDev in QEMU. The bus decodes the same addresses as the board's, and takes
// bridges only.
type Expander struct {
	Device
	host *Host // nil while it is not realized
}

// Host is the host bridge of an expander, a device on the main system bus.
type Host struct {
	qdev.Device
	bus      Bus
	expander *Expander
}

// expanderKind is what the types differ in.
type expanderKind struct {
	host, bus string // types
	express   bool   // a PCI Express bus on a PCI Express bus
	// internal is the name of a bus that has one bridge only, behind which
	// devices go; empty: the bus is called as the expander.
	internal string
}

var expanderKinds = map[string]*expanderKind{
	"pxb":      {host: "pxb-host", bus: "pxb-bus", internal: "pxb-internal"},
	"pxb-pcie": {host: "pxb-host", bus: "pxb-pcie-bus", express: true},
	"pxb-cxl":  {host: "pxb-cxl-host", bus: "pxb-cxl-bus", express: true},
}

func registerExpanders(t *qom.Types) {
	for name, parent := range map[string]string{"pxb": "pci-device", "pxb-pcie": "pxb", "pxb-cxl": "pxb-pcie"} {
		t.Add(qom.TypeInfo{Name: name, Parent: parent, Interfaces: []string{"conventional-pci-device"},
			New: func() qom.Instance { return new(Expander) }})
	}
	for name, parent := range map[string]string{"pxb-bus": "PCI", "pxb-pcie-bus": "PCIE", "pxb-cxl-bus": "CXL"} {
		t.Add(qom.TypeInfo{Name: name, Parent: parent, Properties: []*qom.Property{UID}})
	}
	t.Add(qom.TypeInfo{Name: "pxb-host", Parent: "sys-bus-device", New: func() qom.Instance { return new(Host) }})
}

// UID is the property by which an expander's bus tells its number, which ACPI
// has for the host bridge's unique id.
var UID = &qom.Property{Name: "acpi_uid", Type: "uint32",
	Get: func(o *qom.Object) (any, error) { return int64(o.Self().(*Bus).number), nil }}

// RealizePCI implements [Function].
func (e *Expander) RealizePCI() error {
	kind := expanderKinds[e.TypeName()]
	if e.bus.Express() != kind.express {
		where := "PCI"
		if e.bus.Express() {
			where = "PCIe"
		}
		return fmt.Errorf("%s devices cannot reside on a %s bus", e.TypeName(), where)
	}
	if err := e.checkNode(); err != nil {
		return err
	}
	number := uint8(e.StoredUint("bus_nr"))
	if !e.bus.Root() {
		return errors.New("PXB devices can be attached only to root bus")
	}
	for _, b := range e.bus.children {
		if b.Number() == number {
			return fmt.Errorf("Bus %d is already in use", number)
		}
	}
	e.changeWord(regStatus, 0, 0x00a0) // 66 MHz, fast back-to-back
	if err := e.addHost(kind, number); err != nil {
		e.ExitPCI()
		return err
	}
	return nil
}

// noNode is the value of numa_node that says none.
const noNode = 128

func (e *Expander) checkNode() error {
	nodes := 0
	if f := e.Env().NUMANodes; f != nil {
		nodes = f()
	}
	if n := e.StoredUint("numa_node"); n != noNode && n >= uint64(nodes) {
		return fmt.Errorf("Illegal numa node %d", n)
	}
	return nil
}

// addHost makes the host bridge, and the bridge on its bus where that is
// internal.
func (e *Expander) addHost(kind *expanderKind, number uint8) error {
	tree, env := e.Tree(), e.Env()
	o := tree.NewClass(tree.Types.Class(kind.host))
	defer o.Unref()
	h := o.Self().(interface{ expanderHost() *Host }).expanderHost()
	name := kind.internal
	if name == "" {
		name = e.ID()
	}
	InitRootBus(&h.bus, kind.bus, &h.Device, name, Spaces{Mem: e.bus.mem, IO: e.bus.io, DMA: e.bus.dma})
	h.expander, h.bus.expander, h.bus.number = e, e, number
	if h.Property("bypass-iommu") != nil {
		h.Store("bypass-iommu", e.StoredBool("bypass_iommu"))
	}
	e.host = h
	e.bus.adopt(&h.bus)
	if err := h.Device.Realize(env.SystemBus); err != nil {
		return err
	}
	if kind.internal == "" {
		return nil
	}
	o = tree.NewClass(tree.Types.Class("pci-bridge"))
	defer o.Unref()
	b := o.Self().(*conventionalBridge)
	b.GiveID(e.ID())
	b.chassis = number
	b.Store("shpc", false)
	return b.Device.Device.Realize(&h.bus.Bus)
}

// Host returns the expander's host bridge, as its own type, nil while it is not
// realized.
func (e *Expander) Host() qom.Instance {
	if e.host == nil {
		return nil
	}
	return e.host.Self()
}

// ExpanderOf returns the expander whose root bus this is, nil for other buses.
func (b *Bus) ExpanderOf() *Expander { return b.expander }

func (h *Host) expanderHost() *Host { return h }

// PCIBus returns the root bus.
func (h *Host) PCIBus() *Bus { return &h.bus }

// Expander returns the function that the host bridge belongs to.
func (h *Host) Expander() *Expander { return h.expander }

// ExitPCI implements [Exiter]: the host bridge goes, with all behind it.
func (e *Expander) ExitPCI() {
	if e.host == nil {
		return
	}
	e.bus.disown(&e.host.bus)
	if e.host.Parent() != nil {
		e.host.Unparent()
	}
	e.host = nil
}
