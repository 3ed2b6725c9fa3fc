package chipset

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// mmcfgSize is the largest size of memory-mapped configuration space: 1 MiB for
// each of 256 buses.
const mmcfgSize = 256 << 20

// areas is how many areas below 1 MiB a host bridge decides about.
const areas = 13

// pamFirst is the name of the first of the regions that pam returns.
const pamFirst = "pam-pci"

// pam returns the regions by which it lets the guest choose whether memory or
// PCI shows, four for each area in order of the choice: nothing of memory, reads
// of memory, writes (which are not taken apart: PCI), both.
func pam() []region {
	var list []region
	for i := range uint64(areas) {
		at, size := uint64(0xf0000), uint64(0x10000)
		if i > 0 {
			at, size = 0xc0000+(i-1)*0x4000, 0x4000
		}
		for j, a := range [4]region{
			{name: pamFirst, kind: alias, target: "pci"},
			{name: "pam-rom", kind: aliasReadOnly, target: "ram"},
			{name: "pam-pci", kind: alias, target: "pci"},
			{name: "pam-ram", kind: alias, target: "ram"},
		} {
			a.size, a.at, a.offset, a.in, a.priority, a.off = size, at, at, "system", 1, j > 0
			list = append(list, a)
		}
	}
	return list
}

// machineRegions are the regions that belong to no device.
var machineRegions = []part{
	{regions: []region{
		{name: "pc.bios", size: 256 * kib, kind: rom, in: "pci", at: 0xfffc0000},
		{name: "isa-bios", size: 128 * kib, kind: aliasReadOnly, target: "pc.bios", offset: 128 * kib, in: "pci", at: 0xe0000, priority: 1},
		{name: "pc.rom", size: 128 * kib, kind: rom, in: "pci", at: 0xc0000, priority: 1},
	}},
	{in: "machine", regions: []region{
		{name: "ioport80", size: 1, in: "io", at: 0x80, ops: allOnes},
		{name: "ioportF0", size: 1, in: "io", at: 0xf0, ops: allOnes},
	}},
}

var fwCfg = part{
	in: "machine", name: "fw_cfg", typ: "fw_cfg_io", bus: "sysbus",
	regions: []region{
		{name: "fwcfg", size: 2, in: "io", at: 0x510},
		{name: "fwcfg.dma", size: 8, in: "io", at: 0x514},
		{name: "/rom@etc/acpi/tables", size: 128 * kib, kind: rom},
		{name: "/rom@etc/table-loader", size: 4 * kib, kind: rom},
		{name: "/rom@etc/acpi/rsdp", size: 20, kind: rom},
	},
}

// legacyISA are the devices inside an ISA bridge.
func legacyISA(bridge string) []part {
	var list []part
	for _, d := range [2]struct {
		name                 string
		channels, control, n uint64
		page, pages, refresh uint64
	}{
		{"dma[0]", 0x00, 0x08, 8, 0x81, 3, 0x87},
		{"dma[1]", 0xc0, 0xd0, 16, 0x89, 3, 0x8f},
	} {
		shift := int64(0) // the second controller moves words
		if d.n == 16 {
			shift = 1
		}
		list = append(list, part{in: bridge, name: d.name, typ: "i8257", bus: "isa", values: []value{
			{"base", int64(d.channels)}, {"page-base", int64(d.page - 1)}, {"pageh-base", int64(-1)}, {"dshift", shift},
		}, regions: []region{
			{name: "dma-chan", size: d.n, in: "io", at: d.channels},
			{name: "dma-page", size: d.pages, in: "io", at: d.page, ports: true},
			{name: "dma-page", size: 1, in: "io", at: d.refresh, ports: true},
			{name: "dma-cont", size: d.n, in: "io", at: d.control},
		}})
	}
	return append(list, part{as: "rtc", in: bridge, name: "rtc", typ: "mc146818rtc", bus: "isa", values: []value{{"base_year", int64(0)}},
		wires: []*qom.Property{wireOr(out(0), "hpet", inputs[1], boardPins[8])}, regions: []region{
			{name: "rtc", size: 2, in: "io", at: 0x70},
			{name: "rtc-index", size: 1, in: "rtc", at: 0},
		}})
}

// lines is how a board numbers its inputs that the interrupt lines of every PC
// lead to: that of the processor, and where those of the HPET begin again after
// the sixteen that ISA has.
type lines struct {
	host      string // key of the part with the IOAPIC
	hpet      uint64 // interrupt lines that its timers can use
	processor int
	upper     int
	own       []int  // those of the HPET alone
	before    []part // to put before the HPET
}

// pin is the input of an interrupt line that is numbered as at the IOAPIC;
// negative: it has none.
func (l lines) pin(n int) int {
	switch {
	case n < 16:
		return n
	case n < 24:
		return l.upper + n - 16
	}
	return -1
}

// What the keyboard controller and what the port of VMware's tools depend on.
var (
	keyboard = []string{"i8042"}
	vmport   = []string{"i8042", "vmport"}
)

// superIO are the devices of every PC after its bridges; floppy is a part to
// put before the keyboard controller, or none.
func superIO(l lines, floppy ...part) []part {
	pic := func(key string, at, elcr, edge uint64, master bool, intr *qom.Property) part {
		return part{as: key, typ: "isa-i8259", bus: "isa", gpios: []gpio{{inputs, 8}}, wires: []*qom.Property{intr}, values: []value{
			{"iobase", at}, {"elcr_addr", elcr}, {"elcr_mask", edge}, {"master", master},
		}, regions: []region{
			{name: "pic", size: 2, in: "io", at: at},
			{name: "elcr", size: 1, in: "io", at: elcr},
		}}
	}
	list := []part{
		{in: l.host, name: "ioapic", typ: "ioapic", bus: "sysbus", gpios: []gpio{{inputs, 24}}, regions: []region{
			{name: "ioapic", size: 4 * kib, in: "system", at: 0xfec00000},
		}},
		pic("pic", 0x20, 0x4d0, 0xf8, true, wire(out(0), "", boardPins[l.processor])),
		pic("pic2", 0xa0, 0x4d1, 0xde, false, wire(out(0), "pic", inputs[2])),
	}
	list = append(list, l.before...)
	list = append(list, []part{
		{as: "hpet", typ: "hpet", with: []string{"hpet"}, pins: l.own, bus: "sysbus", values: []value{{"hpet-intcap", l.hpet}}, gpios: []gpio{{inputs, 2}},
			wires: append(wires("sysbus-irq", 32, l.pin), wire(out(0), "pit", inputs[0])), regions: []region{
				{name: "hpet", size: kib, in: "system", at: 0xfed00000},
			}},
		{as: "pit", typ: "isa-pit", with: []string{"pit"}, bus: "isa", values: []value{{"iobase", uint64(0x40)}}, gpios: []gpio{{inputs, 1}},
			wires: []*qom.Property{wireOr(out(0), "hpet", inputs[0], boardPins[0])}, regions: []region{
				{name: "pit", size: 4, in: "io", at: 0x40},
			}},
		{typ: "isa-pcspk", with: []string{"pit"}, bus: "isa", links: []value{{"pit", "pit"}}, regions: []region{
			{name: "pcspk", size: 1, in: "io", at: 0x61},
		}},
	}...)
	list = append(list, part{slot: SlotPorts})
	list = append(list, floppy...)
	return append(list,
		part{as: "i8042", typ: "i8042", with: keyboard, pins: []int{25}, bus: "isa", gpios: []gpio{{kbdIRQ, 1}, {mouseIRQ, 1}},
			wires: []*qom.Property{wire("a20[0]", "", boardPins[25]), wire(out(0), "", boardPins[1]), wire(out(1), "", boardPins[12])}, regions: []region{
				{name: "i8042-data", size: 1, in: "io", at: 0x60},
				{name: "i8042-cmd", size: 1, in: "io", at: 0x64},
			}},
		part{in: "i8042", name: "ps2kbd", typ: "ps2-kbd", with: keyboard, bus: "sysbus", wires: []*qom.Property{wire(out(0), "i8042", kbdIRQ[0])}},
		part{in: "i8042", name: "ps2mouse", typ: "ps2-mouse", with: keyboard, bus: "sysbus", wires: []*qom.Property{wire(out(0), "i8042", mouseIRQ[0])}},
		part{typ: "vmport", with: vmport, bus: "isa", regions: []region{{name: "vmport", size: 1, in: "io", at: 0x5658,
			ops: func(*Board) memory.Ops { return vmwarePort{} }}}},
		part{typ: "vmmouse", with: vmport, bus: "isa", links: []value{{"i8042", "i8042"}}},
		part{typ: "port92", with: keyboard, pins: []int{26}, bus: "isa", wires: []*qom.Property{wire("a20[0]", "", boardPins[26])}, regions: []region{{name: "port92", size: 1, in: "io", at: 0x92}}},
	)
}

// eeproms are the memory modules' descriptions on an SMBus that depends on
// properties of the machine.
func eeproms(with ...string) []part {
	list := make([]part, 8)
	for i := range list {
		list[i] = part{typ: "smbus-eeprom", with: with, bus: "i2c", values: []value{{"address", uint64(0x50 + i)}}}
	}
	return list
}
