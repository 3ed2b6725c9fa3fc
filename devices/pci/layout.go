package pci

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// layout is what a configuration space does not tell of a type: what QEMU calls
// the regions of its BARs, what lies in them, and where its interrupt vectors
// are.
type layout struct {
	regions [ROMBAR]string
	parts   map[int][]part // by BAR
	vectors int            // of MSI-X
	bar     int            // that has their table
	table   uint32
	pending uint32
	// vectorsIn names a property that tells the number of vectors, if not vectors.
	vectorsIn string
	buses     layoutBuses
	lines     []string // children of type irq
	outputs   int      // interrupt lines that leave the function by a property
	// fills are values that QEMU gives properties which are still zero or empty
	// when the function starts, or functions of it that tell them.
	fills  map[string]any
	power  power
	errors bool // it lets the guest enable messages of errors
	// extended adds capabilities in the extended space of a PCI Express function.
	extended func(*Device)
	// physical tells that the function has virtual ones.
	physical bool
}

// power is the capability for power management where it is another than others have.
type power struct{ capabilities, state, write uint16 }

// intelPower is that of Intel's cards.
var intelPower = power{capabilities: 0x0022, write: 0x1f03}

// layoutBuses are buses that a function offers, with automatic names unless
// named is set: then there is one, called as the function is.
type layoutBuses struct {
	typ    string
	n, max int
	named  bool
}

// part is a region inside that of a BAR.
type part struct {
	name     string
	at, size uint64
}

// layouts are those of types, or of their ancestors.
var layouts = map[string]layout{
	"am53c974": {regions: [ROMBAR]string{"esp-io"}},
	"bochs-display": {regions: [ROMBAR]string{0: "bochs-display-vram", 2: "bochs-display-mmio"},
		parts: map[int][]part{2: displayParts}, fills: displayMode},
	"e1000-base": {regions: [ROMBAR]string{"e1000-mmio", "e1000-io"}},
	"e1000e": {regions: [ROMBAR]string{"e1000e-mmio", "e1000e-flash", "e1000e-io", "e1000e-msix"}, vectors: 5, bar: 3, pending: 0x2000,
		extended: func(d *Device) { d.AddRestingAER(0x100, 2); d.addSerial(0x140, 0xffff) }, power: intelPower},
	"igb": {regions: [ROMBAR]string{"igb-mmio", "igb-flash", "igb-io", "igb-msix"}, vectors: 10, bar: 3, pending: 0x2000,
		physical: true, extended: func(d *Device) { d.AddRestingAER(0x100, 1); d.addARI(0x150) }, power: intelPower},
	"i82550": eepro100, "i82551": eepro100, "i82557a": eepro100, "i82557b": eepro100, "i82557c": eepro100,
	"i82558a": eepro100, "i82558b": eepro100, "i82559a": eepro100, "i82559b": eepro100, "i82559c": eepro100,
	"i82559er": eepro100, "i82562": eepro100, "i82801": eepro100,
	"iommu-testdev": {regions: [ROMBAR]string{"iommu-testdev.bar0"}},
	"ich9-ahci": {regions: [ROMBAR]string{4: "ahci-idp", 5: "ahci"}, buses: layoutBuses{typ: "IDE", n: 6, max: 1},
		lines: []string{"update-irq"}},
	"intel-hda-generic": {regions: [ROMBAR]string{"intel-hda-container"},
		parts: map[int][]part{0: {{"intel-hda", 0, 0x2000}, {"intel-hda-alias", 0x2000, 0x2000}}}, buses: layoutBuses{typ: "HDA", n: 1}},
	"lsi53c895a": {regions: [ROMBAR]string{"lsi-io", "lsi-mmio", "lsi-ram"}, outputs: 1},
	"megasas": {regions: [ROMBAR]string{0: "megasas-mmio", 2: "megasas-io", 3: "megasas-queue"}, vectors: 15, bar: 0, table: 0x2000, pending: 0x3800,
		fills: map[string]any{"hba_serial": "QEMU123456", "sas_address": sasAddress}},
	"megasas-gen2": {regions: [ROMBAR]string{0: "megasas-io", 1: "megasas-mmio", 3: "megasas-queue"}, vectors: 15, bar: 1, table: 0x2000, pending: 0x3800,
		fills: map[string]any{"hba_serial": "QEMU123456", "sas_address": sasAddress}},
	"mptsas1068":  {regions: [ROMBAR]string{"mptsas-io", "mptsas-mmio", "mptsas-diag"}, fills: map[string]any{"sas_address": sasAddress}},
	"ne2k_pci":    {regions: [ROMBAR]string{"ne2000"}},
	"pci-testdev": {regions: [ROMBAR]string{"pci-testdev-mmio", "pci-testdev-portio"}},
	"pcnet":       {regions: [ROMBAR]string{"pcnet-io", "pcnet-mmio"}},
	"nvme": {regions: [ROMBAR]string{"nvme-bar0"}, parts: map[int][]part{0: {{"nvme", 0, 0x2000}}}, vectorsIn: "msix_qsize", errors: true, power: power{capabilities: 0x0003, state: 0x0008, write: 0x0003},
		table: 0x2000, pending: 0x3000},
	"pci-ide": {regions: [ROMBAR]string{4: "piix-bmdma-container"}, parts: map[int][]part{4: {
		{"piix-bmdma", 0, 4}, {"bmdma", 4, 4}, {"piix-bmdma", 8, 4}, {"bmdma", 12, 4}}}, buses: layoutBuses{typ: "IDE", n: 2, max: 2}},
	"pci-serial": {regions: [ROMBAR]string{"serial"}},
	"pci-serial-2x": {regions: [ROMBAR]string{"multiserial"}, parts: map[int][]part{0: {{"uart #1", 0, 8}, {"uart #2", 8, 8}}},
		lines: []string{"irq[0]", "irq[1]"}},
	"pci-serial-4x": {regions: [ROMBAR]string{"multiserial"}, parts: map[int][]part{0: {
		{"uart #1", 0, 8}, {"uart #2", 8, 8}, {"uart #3", 16, 8}, {"uart #4", 24, 8}}}, lines: []string{"irq[0]", "irq[1]", "irq[2]", "irq[3]"}},
	"pvscsi":    {regions: [ROMBAR]string{"pvscsi-io"}},
	"rocker":    {regions: [ROMBAR]string{"rocker-mmio", "rocker-msix-bar"}, vectors: 2, bar: 1, pending: 0x1000},
	"rtl8139":   {regions: [ROMBAR]string{"rtl8139", "rtl8139-mem"}},
	"sdhci-pci": {regions: [ROMBAR]string{"sdhci"}},
	"secondary-vga": {regions: [ROMBAR]string{0: "vga.vram", 2: "vga.mmio"},
		parts: map[int][]part{2: append([]part{{"vga ioports remapped", 0x400, 0x20}}, displayParts...)}, fills: displayMode},
	"tpci200": {regions: [ROMBAR]string{"tpci200_mmio", "tpci200_io", "tpci200_las0", "tpci200_las1", "tpci200_las2", "tpci200_las3"},
		buses: layoutBuses{typ: "IndustryPack", n: 1}},
	"tulip": {regions: [ROMBAR]string{"tulip-io", "tulip-mem"}},
	"ufs":   {regions: [ROMBAR]string{"ufs"}, buses: layoutBuses{typ: "ufs-bus", n: 1, named: true}},
	"vmxnet3": {regions: [ROMBAR]string{"vmxnet3-b0", "vmxnet3-b1", "vmxnet3-msix-bar"}, vectors: 25, bar: 2, pending: 0x1000,
		extended: func(d *Device) { d.addSwappedSerial(0x100) }},
}

var (
	eepro100     = layout{regions: [ROMBAR]string{"eepro100-mmio", "eepro100-io", "eepro100-flash"}}
	displayParts = []part{{"edid", 0, 0x400}, {"bochs dispi interface", 0x500, 0x16}, {"qemu extended regs", 0x600, 8}}
)

// sasAddress is the one QEMU makes up for a host adapter: the form of a number
// that IEEE registers, QEMU's vendor, and where the adapter sits.
func sasAddress(d *Device) any {
	return uint64(3)<<60 | 0x525400<<36 | uint64(d.bus.Number())<<16 | uint64(d.Slot())<<8 | uint64(d.Func())
}

// displayMode is what monitors are told to prefer.
var displayMode = map[string]any{"xres": uint64(1280), "yres": uint64(800)}

// fillIn gives properties that nobody set the values QEMU gives them.
func (d *Device) fillIn() {
	for name, v := range d.layout().fills {
		if p := d.Property(name); p == nil {
			continue
		}
		if now := d.Stored(name); now == nil || now == "" || now == uint64(0) || now == int64(0) {
			if f, ok := v.(func(*Device) any); ok {
				v = f(d)
			}
			d.Store(name, v)
		}
	}
}

func (d *Device) layout() layout {
	for c := d.Class(); c != nil; c = c.Parent() {
		if l, ok := layouts[c.Name()]; ok {
			if l.vectorsIn != "" {
				l.vectors = int(d.StoredUint(l.vectorsIn))
			}
			return l
		}
	}
	return layout{}
}

// offerKnown adds the buses and interrupt lines of the type. A function that was
// realized before has the lines.
func (d *Device) offerKnown(l layout) {
	for range l.buses.n {
		name := ""
		if l.buses.named {
			name = d.ID()
		}
		b := new(qdev.Bus)
		qdev.InitBus(b, l.buses.typ, d.Qdev(), nil, name)
		b.MaxDevices = l.buses.max
	}
	for _, name := range l.lines {
		if d.Child(name) == nil {
			if _, err := d.Tree().NewChild(&d.Object, name, "irq"); err != nil {
				d.Env().Log.Warn("interrupt line left out", "device", d.Label(), "error", err)
			}
		}
	}
	for i := range l.outputs {
		name := fmt.Sprintf("unnamed-gpio-out[%d]", i)
		if d.HasProperty(name) {
			continue
		}
		if err := d.AddProperty(qom.FixedLink(qom.WeakLink(name, "irq", func() *qom.Object { return nil }))); err != nil {
			d.Env().Log.Warn("interrupt line left out", "device", d.Label(), "error", err)
		}
	}
}
