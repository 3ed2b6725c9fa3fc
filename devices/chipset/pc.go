package chipset

import (
	"slices"
	"sync"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qom"
)

// pcParts is the board of pc-i440fx-*: the 440FX with a conventional root bus,
// and the PIIX3 with its IDE and power management functions.
var pcParts = sync.OnceValue(func() []part {
	return slices.Concat(
		[]part{{gpios: []gpio{{boardPins, 28}}}},
		machineRegions,
		[]part{
			{as: "host", in: "machine", name: "i440fx", typ: "i440FX-pcihost", bus: "sysbus",
				values: []value{{"pci-type", "i440FX"}},
				buses:  []bus{{as: "pci", typ: "PCI"}}}, // called pci.0, so that of a bridge without id is pci.1
			{typ: "i440FX", as: "i440fx", bus: "pci", devfn: 0,
				config: []patch{{0x57, "\x10"}, {0x72, "\x02"}},
				regions: slices.Concat([]region{
					{name: "smram-region", size: 128 * kib, kind: alias, target: "pci", offset: 0xa0000, in: "system", at: 0xa0000, priority: 1},
					{name: "smram", size: 4 * gib, kind: container},
					{name: "smram-low", size: 128 * kib, kind: alias, target: "ram", offset: 0xa0000, in: "smram", at: 0xa0000},
				}, pam())},
			fwCfg,
			{as: "piix3", typ: "PIIX3", bus: "pci", devfn: 1 << 3, multi: true, wires: wires("isa-irqs", 16, straight),
				values:  []value{{"has-pic", false}, {"has-pit", false}, {"has-acpi", setting{"acpi", true}}, {"has-usb", setting{"usb", false}}, {"smb_io_base", uint64(0xb100)}, {"smm-enabled", setting{"smm", true}}},
				buses:   []bus{{as: "isa", typ: "ISA"}},
				config:  []patch{{0x07, "\x02"}, {0x4c, "\x4d\x00\x03"}, {0x60, "\x80\x80\x80\x80"}, {0x69, "\x02"}, {0x70, "\x80"}, {0x76, "\x0c\x0c\x02"}, {0xa0, "\x08"}, {0xa8, "\x0f"}},
				regions: []region{{name: "piix-reset-control", size: 1, in: "io", at: 0xcf9, priority: 1, ops: resetPort}}},
		},
		legacyISA("piix3"),
		[]part{
			{in: "piix3", name: "ide", as: "ide", typ: "piix3-ide", bus: "pci", devfn: 1<<3 | 1,
				buses:  []bus{{typ: "IDE", n: 2, max: 2}},
				config: []patch{{0x06, "\x80\x02"}},
				regions: []region{
					{name: "piix-bmdma-container", size: 16, kind: container, bar: true, number: 4, barKind: pci.BARIO},
					{name: "piix-bmdma", size: 4, in: "piix-bmdma-container", at: 0},
					{name: "bmdma", size: 4, in: "piix-bmdma-container", at: 4},
					{name: "piix-bmdma", size: 4, in: "piix-bmdma-container", at: 8},
					{name: "bmdma", size: 4, in: "piix-bmdma-container", at: 12},
				}},
			{regions: []region{
				{name: "ide", size: 8, in: "io", at: 0x1f0, ports: true},
				{name: "ide", size: 1, in: "io", at: 0x3f6, ports: true},
				{name: "ide", size: 8, in: "io", at: 0x170, ports: true},
				{name: "ide", size: 1, in: "io", at: 0x376, ports: true},
			}},
			{in: "piix3", name: "uhci", slot: SlotUSB},
			{in: "piix3", name: "pm", as: "pm", typ: "PIIX4_PM", with: []string{"acpi"}, pins: []int{27}, bus: "pci", devfn: 1<<3 | 3, wires: []*qom.Property{wire(out(0), "", boardPins[9]), wire("smi-irq[0]", "", boardPins[27])},
				values: []value{{"smb_io_base", uint64(0xb100)}, {"smm-enabled", setting{"smm", true}}},
				buses:  []bus{{as: "i2c", typ: "i2c-bus", name: "i2c"}},
				config: []patch{{0x06, "\x80\x02"}, {0x5f, "\x10"}, {0x63, "\x60"}, {0x90, "\x01\xb1"}, {0xd2, "\x09"}}},
			{slot: SlotDrives},
		},
		superIO(lines{host: "host", hpet: 0x04, processor: 16, upper: 17, own: []int{17, 18, 19, 20, 21, 22, 23, 24}, before: []part{{slot: SlotDisplay}}}, part{typ: "isa-fdc", as: "fdc", bus: "isa",
			values: []value{{"bootindexA", int64(-1)}, {"bootindexB", int64(-1)}},
			buses:  []bus{{typ: "floppy-bus", max: 2}},
			regions: []region{
				{name: "fdc", size: 5, in: "io", at: 0x3f1, ports: true},
				{name: "fdc", size: 1, in: "io", at: 0x3f7, ports: true},
			}}, part{slot: SlotFloppies}),
		[]part{{slot: SlotNetwork}},
		eeproms("acpi"),
	)
})
