package chipset

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Register adds the code of the fixed devices to t.
func Register(t *qom.Types) {
	for typ, m := range map[string]*powerModel{"ICH9-LPC": &ich9, "PIIX4_PM": &piix4} {
		t.Add(qom.TypeInfo{
			Name: typ, Parent: "pci-device",
			New: func() qom.Instance {
				return &power{model: m, bridges: true, root: m == &piix4, s4: 2, enableCmd: m.enableCmd, disableCmd: m.disableCmd}
			},
			ClassInit:  fixedClass(m.class),
			Properties: powerProperties(m == &piix4),
		})
	}
	for typ, m := range map[string]*hostModel{"mch": &mch, "i440FX": &i440FX} {
		t.Add(qom.TypeInfo{
			Name: typ, Parent: "pci-device",
			New:       func() qom.Instance { return &hostBridge{model: m} },
			ClassInit: fixedClass(m.class),
		})
	}
	registerRTC(t)
	registerPS2(t)
	registerPorts(t)
	registerDrives(t)
	registerCards(t)
	registerFirmware(t)
	for _, typ := range wiredTypes {
		if t.HasFacts(typ) {
			t.Add(qom.TypeInfo{Name: typ, Parent: "device", New: func() qom.Instance { return new(wired) }})
		}
	}
	for typ, make := range map[string]func() qom.Instance{
		"isa-i8259": func() qom.Instance { return new(pic) },
		"ioapic":    func() qom.Instance { return new(ioapic) },
		"apic":      func() qom.Instance { return new(lapic) },
		"port92":    func() qom.Instance { return new(port92) },
		"isa-pit":   func() qom.Instance { return new(pit) },
		"isa-pcspk": func() qom.Instance { return new(speaker) },
		"i8257":     func() qom.Instance { return new(dma) },
	} {
		t.Add(qom.TypeInfo{Name: typ, Parent: "device", New: make})
	}
	for typ, class := range fixedClasses {
		init := fixedClass(class)
		switch typ { // some, users may add as well
		case "ich9-ahci":
			init = func(c *qom.Class) { pci.SetClass(c, class) }
		case "piix3-ide": // but not while the machine runs
			init = func(c *qom.Class) {
				pci.SetClass(c, class)
				qdev.UpdateClass(c, func(k *qdev.Class) { k.UserCreatable, k.Hotpluggable = true, false })
			}
		}
		make := func() qom.Instance { return new(function) }
		if typ == "PIIX3" {
			make = func() qom.Instance { return new(isaBridgePIIX) }
		}
		t.Add(qom.TypeInfo{Name: typ, Parent: "pci-device", New: make, ClassInit: init})
	}
}

// fixedClass records the identity of a function that users cannot add.
func fixedClass(id pci.Class) func(*qom.Class) {
	return func(c *qom.Class) {
		pci.SetClass(c, id)
		qdev.UpdateClass(c, func(k *qdev.Class) { k.UserCreatable, k.Hotpluggable = false, false })
	}
}

// function is a PCI function without code of its own. That of a board shows what
// its part says, another what is known of its type.
type function struct {
	pci.Device
	wiring
}

// RealizePCI implements [pci.Function].
func (f *function) RealizePCI() error {
	if f.board == nil {
		f.RealizeFromFacts()
	}
	return nil
}

var fixedClasses = map[string]pci.Class{
	"ICH9-SMB":  {Vendor: 0x8086, Device: 0x2930, Class: 0x0c05, Revision: 2, IRQPin: 1},
	"PIIX3":     {Vendor: 0x8086, Device: 0x7000, Class: 0x0601},
	"piix3-ide": {Vendor: 0x8086, Device: 0x7010, Class: 0x0101, ProgIf: 0x80},
	"ich9-ahci": {Vendor: 0x8086, Device: 0x2922, Class: 0x0106, ProgIf: 1, Revision: 2, IRQPin: 1},
}

// ich9 is the power management of q35, in the LPC bridge.
var ich9 = powerModel{
	class: pci.Class{Vendor: 0x8086, Device: 0x2918, Class: 0x0601, Revision: 2},
	block: "ich9-pm", blockSize: 0x80, baseReg: 0x40, baseMask: 0xff80, enableReg: 0x44, enableBit: 0x80,
	gpeSize: 16, gpeOffset: 0x20, pcihp: 0xcc0, cpuhp: 0xcd8, enableCmd: 2, disableCmd: 3,
	writable: []writable{{0x40, 4, 0xff80}, {0x44, 1, 0x87}, {rcrbBase, 4, rcrbMask | rcrbOn}},
	extra: []region{
		{name: "acpi-smi", size: 8, in: "ich9-pm", at: 0x30},
		{name: "sm-tco", size: 0x20, in: "ich9-pm", at: 0x60},
		{name: rcrbName, size: rcrbSize, ops: func(b *Board) memory.Ops { b.rcrb.board = b; return &b.rcrb }},
		{name: "lpc-reset-control", size: 1, in: "io", at: 0xcf9, priority: 1, ops: resetPort},
	},
}

// piix4 is the power management of pc, a function beside the ISA bridge.
var piix4 = powerModel{
	class: pci.Class{Vendor: 0x8086, Device: 0x7113, Class: 0x0680, Revision: 3, IRQPin: 1},
	block: "piix4-pm", blockSize: 0x40, baseReg: 0x40, baseMask: 0xffc0, enableReg: 0x80, enableBit: 0x01,
	gpeSize: 4, gpeBase: 0xafe0, pcihp: 0xae00, cpuhp: 0xaf00, enableCmd: 0xf1, disableCmd: 0xf0,
	writable: []writable{{0x40, 4, 0xffc0}, {0x80, 1, 0x01}},
	extra: []region{
		{name: "pm-smbus", size: 0x40, in: "io", at: 0xb100},
	},
}
