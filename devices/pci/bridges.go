package pci

import (
	"errors"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// registerBridges adds the bridges to conventional PCI.
func registerBridges(t *qom.Types) {
	for _, name := range []string{"conventional-pci-device", "pci-express-device"} {
		t.Add(qom.TypeInfo{Name: name, Parent: "interface", Abstract: true, Interface: true})
	}
	t.Add(qom.TypeInfo{Name: "base-pci-bridge", Parent: "pci-device", Abstract: true,
		New: func() qom.Instance { return new(genericBridge) }})
	t.Add(qom.TypeInfo{Name: "pci-bridge-seat", Parent: "pci-bridge",
		ClassInit: func(c *qom.Class) { SetClass(c, Class{Vendor: 0x1b36, Device: 0x000a, Class: 0x0604}) }})
	t.Add(qom.TypeInfo{Name: "pci-bridge", Parent: "base-pci-bridge", Interfaces: []string{"conventional-pci-device"},
		New:       func() qom.Instance { return new(conventionalBridge) },
		ClassInit: func(c *qom.Class) { SetClass(c, Class{Vendor: 0x1b36, Device: 0x0001, Class: 0x0604}) },
		Properties: []*qom.Property{{Name: "chassis_nr", Type: "uint8", Default: int64(0), HasDefault: true,
			Get: func(o *qom.Object) (any, error) { return int64(o.Self().(*conventionalBridge).chassis), nil },
			Set: beforeRealize("chassis_nr", func(d *Device, in qom.Input) error {
				v, err := in.Uint("chassis_nr", 8)
				if err == nil {
					d.Self().(*conventionalBridge).chassis = uint8(v)
				}
				return err
			})}},
	})
	t.Add(qom.TypeInfo{Name: "pcie-pci-bridge", Parent: "base-pci-bridge", Interfaces: []string{"pci-express-device"},
		New:       func() qom.Instance { return new(expressBridge) },
		ClassInit: func(c *qom.Class) { SetClass(c, Class{Vendor: 0x1b36, Device: 0x000e, Class: 0x0604}) }})
	t.Add(qom.TypeInfo{Name: "i82801b11-bridge", Parent: "base-pci-bridge", Interfaces: []string{"conventional-pci-device"},
		New: func() qom.Instance { return new(leakyBridge) },
		ClassInit: func(c *qom.Class) {
			SetClass(c, Class{Vendor: 0x8086, Device: 0x244e, Class: 0x0604, ProgIf: 1, Revision: 0x92})
		}})
}

// genericBridge stands for bridge types without code of their own.
type genericBridge struct{ Bridge }

// RealizePCI implements [Function].
func (b *genericBridge) RealizePCI() error {
	b.conventional()
	b.StartBridge("PCI")
	b.realizeFromFacts()
	return nil
}

// ExitPCI implements [Exiter].
func (b *genericBridge) ExitPCI() { b.StopBridge() }

// conventionalBridge is "pci-bridge", a bridge between conventional buses with
// a standard hot-plug controller, whose registers are BAR 0.
type conventionalBridge struct {
	Bridge
	chassis uint8
	regs    memory.Region
	shpc    shpc
}

// RealizePCI implements [Function].
func (b *conventionalBridge) RealizePCI() error {
	b.conventional()
	b.StartBridge("PCI")
	if b.Bool("shpc", true) {
		b.SetConfig(regIRQPin, 1)
		if err := b.shpc.init(&b.Bridge, &b.regs, 0x40); err != nil {
			b.StopBridge()
			return err
		}
	}
	if b.chassis == 0 {
		b.StopBridge()
		return errors.New("Bridge chassis not specified. Each bridge is required to be assigned a unique chassis id > 0.")
	}
	at, err := b.AddCapability(CapSlotID, 0, 4)
	if err == nil {
		b.SetConfig(at+2, 0x20) // first in its chassis
		b.SetConfig(at+3, b.chassis)
		if !b.shpc.active() {
			b.Store("msi", "off") // there is nothing that it could tell
		}
		if b.Choice("msi") != "off" {
			err = b.InitMSI(MSI{Vectors: 1, Wide: true, VectorMask: true})
		}
	}
	if err == nil && b.shpc.active() {
		err = b.RegisterBAR(0, BARMem|BARMem64, &b.regs)
	}
	if err != nil {
		b.StopBridge()
	}
	return err
}

// ExitPCI implements [Exiter].
func (b *conventionalBridge) ExitPCI() { b.StopBridge() }

// ConfigWrite implements [ConfigWriter].
func (b *conventionalBridge) ConfigWrite(addr, size int, val uint32) {
	b.WriteBridgeConfig(addr, size, val)
	b.shpc.configWritten(addr, size)
}

// ResetPCI implements [FunctionResetter].
func (b *conventionalBridge) ResetPCI() {
	b.ResetBridge()
	b.shpc.reset()
}

// expressBridge is "pcie-pci-bridge", from PCI Express to conventional PCI.
type expressBridge struct {
	Bridge
	regs memory.Region
	shpc shpc
}

// RealizePCI implements [Function].
func (b *expressBridge) RealizePCI() error {
	b.conventional()
	b.StartBridge("PCI")
	b.SetConfig(regIRQPin, 1)
	err := b.shpc.init(&b.Bridge, &b.regs, 0x40)
	if err == nil {
		err = b.AddExpress(ExpressCap{Offset: 0x48, Type: ExpressBridge, Errors: true, DevCap: 0x8020, LnkCap: 0x411, LnkSta: 0x11, DevCap2: 0x00300020})
	}
	if err == nil {
		err = b.AddPM(0x84)
	}
	if err == nil && b.Choice("msi") != "off" {
		err = b.InitMSI(MSI{Vectors: 1, Wide: true, VectorMask: true})
	}
	if err == nil {
		b.AddRestingAER(configSize, 2)
		err = b.RegisterBAR(0, BARMem|BARMem64, &b.regs)
	}
	if err != nil {
		b.StopBridge()
	}
	return err
}

// ExitPCI implements [Exiter].
func (b *expressBridge) ExitPCI() { b.StopBridge() }

// ConfigWrite implements [ConfigWriter].
func (b *expressBridge) ConfigWrite(addr, size int, val uint32) {
	b.WriteBridgeConfig(addr, size, val)
	b.shpc.configWritten(addr, size)
}

// ResetPCI implements [FunctionResetter].
func (b *expressBridge) ResetPCI() {
	b.ResetBridge()
	b.shpc.reset()
}

// leakyBridge is "i82801b11-bridge". As in QEMU it does not undo its windows,
// so that an unplugged one is never freed: the ledger names the windows in the
// primary bus' spaces as the holders.
type leakyBridge struct{ Bridge }

// RealizePCI implements [Function].
func (b *leakyBridge) RealizePCI() error {
	b.conventional()
	b.StartBridge("PCI")
	_, err := b.AddCapability(CapSSVID, 0x50, 8)
	return err
}
