package chipset

import (
	"slices"
	"sync"

	"github.com/qomd/qomd/devices/pci"
)

// q35Parts is the board of pc-q35-*: the MCH with a PCI Express root bus, and
// the ICH9.
var q35Parts = sync.OnceValue(func() []part {
	return slices.Concat(
		[]part{{gpios: []gpio{{boardPins, 27}}}},
		machineRegions,
		[]part{
			fwCfg,
			{as: "host", in: "machine", name: "q35", typ: "q35-pcihost", bus: "sysbus",
				values: []value{{"MCFG", all}, {"smm-ranges", setting{"smm", true}}, {"bypass-iommu", setting{"default-bus-bypass-iommu", false}}},
				buses:  []bus{{as: "pci", typ: "PCIE", name: "pcie.0"}}},
			{as: "mch", in: "host", name: "mch", typ: "mch", bus: "pci", devfn: 0,
				config: []patch{{0x50, "\x40"}, {0x60, "\x00\x00\x00\xb0"}, {0x9d, "\x02\x38"}},
				regions: slices.Concat([]region{
					{name: "smram-region", size: 128 * kib, kind: alias, target: "pci", offset: 0xa0000, in: "system", at: 0xa0000, priority: 1},
					{name: "smram-open-high", size: 128 * kib, kind: alias, target: "ram", offset: 0xa0000, in: "system", at: 0xfeda0000, priority: 1, off: true},
					{name: "smram", size: 4 * gib, kind: container},
					{name: "smram-low", size: 128 * kib, kind: alias, target: "ram", offset: 0xa0000, in: "smram", at: 0xa0000},
					{name: "smram-high", size: 128 * kib, kind: alias, target: "ram", offset: 0xa0000, in: "smram", at: 0xfeda0000},
					{name: "tseg-blackhole", size: 0, in: "system", at: 0x8000000, priority: 1, off: true},
					{name: "tseg-window", size: 0, kind: alias, target: "ram", in: "smram", at: 0x8000000, off: true},
					{name: "smbase-blackhole", size: 128 * kib, in: "system", at: 0x30000, priority: 1, off: true},
					{name: "smbase-window", size: 128 * kib, kind: alias, target: "ram", offset: 0x30000, in: "smram", at: 0x30000, off: true},
				}, pam())},
			{as: "lpc", typ: "ICH9-LPC", bus: "pci", devfn: 0x1f << 3, multi: true, wires: wires("gsi", 24, straight),
				values: []value{{"enable_tco", true}, {"memory-hotplug-support", true}, {"sci_int", uint64(sciLine)}, {"smm-enabled", setting{"smm", true}}, {"x-keep-pci-slot-hpc", true}},
				buses:  []bus{{as: "isa", typ: "ISA"}},
				config: []patch{{0x60, "\x80\x80\x80\x80"}, {0x68, "\x80\x80\x80\x80"}}},
		},
		legacyISA("lpc"),
		superIO(lines{host: "host", hpet: 0xff0104, processor: 24, upper: 16}, part{slot: SlotFloppies}),
		[]part{
			{typ: "ich9-ahci", as: "ahci", with: []string{"sata"}, bus: "pci", devfn: 0x1f<<3 | 2, multi: true,
				buses:  []bus{{typ: "IDE", n: 6, max: 1}},
				gpios:  []gpio{{updateIRQ, 1}},
				config: []patch{{0x90, "\x40"}},
				caps:   []capability{{0x12, 0xa8, "\x10\x00\x48\x00\x00\x00"}, {pci.CapMSI, 0x80, ""}}, // SATA
				regions: []region{
					{name: "ahci", size: 4 * kib, bar: true, number: 5},
					{name: "ahci-idp", size: 32, bar: true, number: 4, barKind: pci.BARIO},
				}},
			{slot: SlotDrives},
			{slot: SlotUSB},
			{typ: "ICH9-SMB", as: "smb", with: []string{"smbus"}, bus: "pci", devfn: 0x1f<<3 | 3, multi: true,
				buses:   []bus{{as: "i2c", typ: "i2c-bus", name: "i2c"}},
				regions: []region{{name: "pm-smbus", size: 64, bar: true, number: 4, barKind: pci.BARIO}}},
		},
		eeproms("smbus"),
		[]part{{slot: SlotDisplay}, {slot: SlotNetwork}},
	)
})
