package xhci

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qom"
)

// Offsets of the capabilities in configuration space.
const (
	msiOffset     = 0x70
	msixOffset    = 0x90
	expressOffset = 0xa0

	regCacheLine = 0x0c
	regSBRN      = 0x60 // serial bus release number
)

// PCI is a PCI function that is an xHCI: qemu-xhci or nec-usb-xhci. The core is
// part of its struct, and an object of its own.
type PCI struct {
	pci.Device
	core Core
}

// Register adds the types of this package.
func Register(t *qom.Types) {
	registerCore(t)
	t.Add(qom.TypeInfo{
		Name: "pci-xhci", Parent: "pci-device", Abstract: true,
		New:  func() qom.Instance { return new(PCI) },
		Init: initPCI,
	})
	t.Add(qom.TypeInfo{Name: "qemu-xhci", Parent: "pci-xhci",
		// It has MSI-X and prefers not to offer both.
		Init: func(o *qom.Object) { o.Store("msi", "off") }})
	t.Add(qom.TypeInfo{Name: "nec-usb-xhci", Parent: "pci-xhci"})
}

// initPCI makes the core and shows its properties on the function.
func initPCI(o *qom.Object) {
	p := o.Self().(*PCI)
	core, err := o.Tree().EmbedChild(o, o, "xhci-core", &p.core, CoreType)
	if err != nil {
		panic(err) // a new object has no such child
	}
	p.core.host = p
	for _, name := range [...]string{"host", "streams", "p2", "p3"} {
		if core.Property(name) == nil {
			continue // the facts of this version do not have it
		}
		if err := o.AddAlias(name, core, name); err != nil {
			panic(err) // a class in between has one of its own
		}
	}
}

// Core returns the controller proper.
func (p *PCI) Core() *Core { return &p.core }

// ExpressOn says that the function has the configuration space of PCI Express,
// wherever it sits.
func (p *PCI) ExpressOn(*pci.Bus) bool { return true }

// RealizePCI implements [pci.Function].
func (p *PCI) RealizePCI() error {
	p.SetConfig(regCacheLine, 0x10)
	p.SetConfig(regSBRN, 0x30)
	if err := p.core.Device.Realize(nil); err != nil {
		return err
	}
	if err := p.addCapabilities(); err != nil {
		p.ExitPCI()
		return err
	}
	return nil
}

func (p *PCI) addCapabilities() error {
	if p.enabled("msi") {
		if err := p.InitMSI(pci.MSI{Offset: msiOffset, Vectors: maxIntrs, Wide: true}); err != nil {
			return err
		}
	}
	if err := p.RegisterBAR(0, pci.BARMem|pci.BARMem64, &p.core.mem); err != nil {
		return err
	}
	if p.OnExpressBus() {
		if err := p.AddExpress(p.EndpointCap(expressOffset)); err != nil {
			return err
		}
	}
	if !p.enabled("msix") {
		return nil
	}
	return p.InitMSIX(pci.MSIX{
		Vectors: maxIntrs, Offset: msixOffset,
		Table: &p.core.mem, TableOff: tableOffset,
		PBA: &p.core.mem, PBAOff: pendOffset,
	})
}

// enabled tells whether a property of type OnOffAuto is not off.
func (p *PCI) enabled(name string) bool {
	return p.StoredString(name) != "off"
}

// ExitPCI implements [pci.Exiter]. The tables go first: they lie in the core's
// BAR, which holds the function for them.
func (p *PCI) ExitPCI() {
	p.ExitMSIX()
	p.core.Device.Unrealize()
}

// ResetPCI implements [pci.FunctionResetter].
func (p *PCI) ResetPCI() { p.core.Reset() }

func (p *PCI) memory() *memory.AddressSpace { return p.DMA() }

func (p *PCI) interrupt(n int, level bool) bool {
	switch {
	case p.MSIXEnabled():
		if level {
			p.NotifyMSIX(n)
		}
		return level
	case p.MSIEnabled():
		if level {
			p.NotifyMSI(n)
		}
		return level
	}
	if n == 0 {
		p.SetIRQ(level)
	}
	return false
}

func (p *PCI) location() string {
	number := uint8(0)
	if b := p.PCIBus(); b != nil {
		number = b.Number()
	}
	return fmt.Sprintf("0000:%02x:%02x.%x", number, p.Slot(), p.Func())
}
