package pci

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Port is a PCI Express port: a bridge in a root complex or a switch. It
// corresponds to PCIEPort in QEMU.
type Port struct {
	Bridge
	chassis  uint8
	notified bool // the guest was interrupted for what is latched
}

// portModel is what the port types differ in.
type portModel struct {
	class     Class
	express   ExpressCap
	subsystem int // offset of the subsystem capability, 0: none
	msi       MSI
	msix      int    // offset of the MSI-X capability with one vector in BAR 0; 0: none
	aer       int    // offset of the error reporting capability
	acs       int    // offset of Access Control Services, unless a property turns that off; 0: none
	msiFirst  bool   // in the order of adding; capabilities are listed newest first
	closed    bool   // windows are closed at reset, and not just zero
	bus       string // type of the bus behind; empty: PCIE
	unpowered bool   // the slot's power cannot be switched
}

type portKey struct{}

// portModels lists the ports by type, with the registers that QEMU 11.1 shows.
var portModels = map[string]*portModel{
	"pcie-root-port": {
		class:     Class{Vendor: 0x1b36, Device: 0x000c, Class: 0x0604, IRQPin: 1},
		express:   ExpressCap{Offset: 0x54, Type: ExpressRootPort, Slot: true, Errors: true, DevCap: 0x8020, LnkCap: 0x00300604, LnkSta: 0x0204, DevCap2: 0x00300020, LnkCap2: 0x1e},
		subsystem: 0x40, msix: 0x48, aer: 0x100, acs: 0x148, closed: true,
	},
	"ioh3420": {
		class:     Class{Vendor: 0x8086, Device: 0x3420, Class: 0x0604, Revision: 2, IRQPin: 1},
		express:   ExpressCap{Offset: 0x90, Type: ExpressRootPort, Slot: true, Errors: true, DevCap: 0x8020, LnkCap: 0x411, LnkSta: 0x11, DevCap2: 0x00300020},
		subsystem: 0x40, msi: MSI{Offset: 0x60, Vectors: 2, VectorMask: true}, aer: 0x100, closed: true,
	},
	"x3130-upstream": {
		class:     Class{Vendor: 0x104c, Device: 0x8232, Class: 0x0604, Revision: 2},
		express:   ExpressCap{Offset: 0x90, Type: ExpressUpstream, Errors: true, DevCap: 0x10008020, LnkCap: 0x411, LnkSta: 0x11, DevCap2: 0x00300000},
		subsystem: 0x80, msi: MSI{Offset: 0x70, Vectors: 1, Wide: true}, msiFirst: true, aer: 0x100,
	},
	"xio3130-downstream": {
		class:     Class{Vendor: 0x104c, Device: 0x8233, Class: 0x0604, Revision: 1},
		express:   ExpressCap{Offset: 0x90, Type: ExpressDownstream, Slot: true, Errors: true, DevCap: 0x10008020, LnkCap: 0x400, LnkSta: 0x11, DevCap2: 0x00300020},
		subsystem: 0x80, msi: MSI{Offset: 0x70, Vectors: 1, Wide: true}, msiFirst: true, aer: 0x100,
	},
	"cxl-rp": {
		class:     Class{Vendor: 0x8086, Device: 0x7075, Class: 0x0604, IRQPin: 1},
		express:   ExpressCap{Offset: 0x74, Type: ExpressRootPort, Slot: true, Errors: true, DevCap: 0x8020, LnkCap: 0x00300606, LnkSta: 0x0206, DevCap2: 0x00300020, LnkCap2: 0x7e},
		subsystem: 0x40, msi: MSI{Offset: 0x60, Vectors: 2, VectorMask: true}, aer: 0x100, acs: 0x148, closed: true, bus: "CXL",
	},
	"cxl-upstream": {
		class:   Class{Vendor: 0x19e5, Device: 0xa128, Class: 0x0604},
		express: ExpressCap{Offset: 0x90, Type: ExpressUpstream, Errors: true, DevCap: 0x10008020, LnkCap: 0x505, LnkSta: 0x0105, DevCap2: 0x00300000, LnkCap2: 0x3e},
		msi:     MSI{Offset: 0x70, Vectors: 2, Wide: true, VectorMask: true}, msiFirst: true, aer: 0x100,
	},
	"cxl-downstream": {
		class:   Class{Vendor: 0x19e5, Device: 0xa129, Class: 0x0604},
		express: ExpressCap{Offset: 0x90, Type: ExpressDownstream, Slot: true, Errors: true, DevCap: 0x10008020, LnkCap: 0x00300506, LnkSta: 0x0106, DevCap2: 0x00300020, LnkCap2: 0x7e},
		msi:     MSI{Offset: 0x70, Vectors: 1, Wide: true, VectorMask: true}, msiFirst: true, aer: 0x100, unpowered: true,
	},
}

func registerPorts(t *qom.Types) {
	express := []string{"pci-express-device"}
	t.Add(qom.TypeInfo{Name: "pcie-port", Parent: "base-pci-bridge", Abstract: true,
		Properties: []*qom.Property{{Name: "port", Type: "uint8", Default: int64(0), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return o.Stored("port"), nil },
			Set: beforeRealize("port", func(d *Device, in qom.Input) error {
				v, err := in.Uint("port", 8)
				if err == nil {
					d.Store("port", int64(v))
				}
				return err
			})}},
	})
	t.Add(qom.TypeInfo{Name: "pcie-slot", Parent: "pcie-port", Abstract: true,
		New:        func() qom.Instance { s := new(Slot); s.SetDefaults(); return s },
		Properties: slotProperties(),
	})
	t.Add(qom.TypeInfo{Name: "pcie-root-port-base", Parent: "pcie-slot", Abstract: true})
	for _, name := range []string{"pcie-root-port", "ioh3420"} {
		t.Add(qom.TypeInfo{Name: name, Parent: "pcie-root-port-base", Interfaces: express, ClassInit: PortClass(name)})
	}
	t.Add(qom.TypeInfo{Name: "xio3130-downstream", Parent: "pcie-slot", Interfaces: express, ClassInit: PortClass("xio3130-downstream")})
	t.Add(qom.TypeInfo{Name: "x3130-upstream", Parent: "pcie-port", Interfaces: express, ClassInit: PortClass("x3130-upstream"),
		New: func() qom.Instance { return new(Port) }})
}

// PortClass is the ClassInit of a type of ports that this package knows by name.
func PortClass(name string) func(*qom.Class) {
	m := portModels[name]
	return func(c *qom.Class) {
		SetClass(c, m.class)
		c.SetValue(portKey{}, m)
	}
}

func slotOf(o *qom.Object) *Slot { return o.Self().(interface{ slot() *Slot }).slot() }

// slotProperties lists the properties of ports with a slot.
func slotProperties() []*qom.Property {
	number := func(name string, bits uint, get func(*Slot) uint64, set func(*Slot, uint64)) *qom.Property {
		return &qom.Property{Name: name, Type: map[uint]string{8: "uint8", 16: "uint16"}[bits], Default: int64(0), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return int64(get(slotOf(o))), nil },
			Set: beforeRealize(name, func(d *Device, in qom.Input) error {
				v, err := in.Uint(name, bits)
				if err == nil {
					set(slotOf(&d.Object), v)
				}
				return err
			})}
	}
	flag := func(name string, field func(*Slot) *bool) *qom.Property {
		return &qom.Property{Name: name, Type: "bool", Default: true, HasDefault: true, Untold: true, // pcie-slot has not all
			Get: func(o *qom.Object) (any, error) { return *field(slotOf(o)), nil },
			Set: beforeRealize(name, func(d *Device, in qom.Input) error { return store(field(slotOf(&d.Object)), name, in.Bool) })}
	}
	return []*qom.Property{
		number("chassis", 8, func(s *Slot) uint64 { return uint64(s.chassis) }, func(s *Slot, v uint64) { s.chassis = uint8(v) }),
		number("slot", 16, func(s *Slot) uint64 { return uint64(s.number) }, func(s *Slot, v uint64) { s.number = uint16(v) }),
		flag("hotplug", func(s *Slot) *bool { return &s.hotplug }),
		flag("power_controller_present", func(s *Slot) *bool { return &s.powerControl }),
	}
}

// RealizePCI implements [Function] for ports without a slot.
func (p *Port) RealizePCI() error {
	bus := p.model().bus
	if bus == "" {
		bus = "PCIE"
	}
	p.StartBridge(bus)
	return p.addCapabilities()
}

// model is that of the type.
func (p *Port) model() *portModel { return p.Class().Value(portKey{}).(*portModel) }

// addCapabilities adds what the type's model lists, in QEMU's order.
func (p *Port) addCapabilities() error {
	m := p.model()
	steps := []func(*portModel) error{p.addSubsystem, p.addInterrupts}
	if m.msiFirst {
		steps[0], steps[1] = steps[1], steps[0]
	}
	err := steps[0](m)
	if err == nil {
		err = steps[1](m)
	}
	if err == nil {
		err = p.AddExpress(m.express)
	}
	if err == nil {
		p.AddAER(m.aer)
		if m.acs != 0 && !p.Bool("disable-acs", false) {
			p.addACS(m.acs)
		}
	}
	return err
}

func (p *Port) addSubsystem(m *portModel) error {
	if m.subsystem == 0 {
		return nil
	}
	at, err := p.AddCapability(CapSSVID, m.subsystem, 8)
	if err == nil && m.closed { // root ports repeat their vendor as the subsystem's
		p.SetConfigWord(at+4, m.class.Vendor)
	}
	return err
}

func (p *Port) addInterrupts(m *portModel) error {
	switch {
	case m.msix != 0:
		return p.initMSIXExclusive(1, 0, m.msix)
	case m.msi.Vectors != 0:
		return p.InitMSI(m.msi)
	}
	return nil
}

// ExitPCI implements [Exiter].
func (p *Port) ExitPCI() {
	p.ExitMSIX()
	p.StopBridge()
}

// RealizePCI implements [Function].
func (s *Slot) RealizePCI() error {
	if err := s.Port.RealizePCI(); err != nil {
		s.StopBridge()
		return err
	}
	s.powerControl = s.powerControl && !s.model().unpowered
	s.initSlot()
	if err := s.takeChassisSlot(); err != nil {
		s.StopBridge()
		return err
	}
	return nil
}

// ExitPCI implements [Exiter].
func (s *Slot) ExitPCI() {
	s.giveChassisSlot()
	s.Port.ExitPCI()
}

// ResetPCI implements [FunctionResetter].
func (s *Slot) ResetPCI() {
	s.ResetBridge()
	s.resetSlot()
	s.resetACS()
	s.resetAERRoot()
	if s.model().closed {
		s.closeWindows()
	}
}

// ConfigWrite implements [ConfigWriter].
func (s *Slot) ConfigWrite(addr, size int, val uint32) {
	control, status := s.control(), s.slotStatus()
	s.WriteBridgeConfig(addr, size, val)
	s.writeSlot(control, status, addr, size, val)
}

// HasHotplug reports whether the slot's devices may come and go; what handles
// hot-plug of all buses asks it.
func (s *Slot) HasHotplug() bool { return s.hotplug }

var (
	_ qdev.PrePlugger      = (*Slot)(nil)
	_ qdev.Plugger         = (*Slot)(nil)
	_ qdev.UnplugRequester = (*Slot)(nil)
	_ qdev.Unplugger       = (*Slot)(nil)
)
