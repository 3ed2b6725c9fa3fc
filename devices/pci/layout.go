package pci

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
	// fills are values that QEMU gives properties which are still zero or empty
	// when the function starts, or functions of it that tell them.
	fills map[string]any
	// physical tells that the function has virtual ones.
	physical bool
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
	"e1000e":     {regions: [ROMBAR]string{"e1000e-mmio", "e1000e-flash", "e1000e-io", "e1000e-msix"}, vectors: 5, bar: 3, pending: 0x2000},
	"igb": {regions: [ROMBAR]string{"igb-mmio", "igb-flash", "igb-io", "igb-msix"}, vectors: 10, bar: 3, pending: 0x2000,
		physical: true},
	"i82550": eepro100, "i82551": eepro100, "i82557a": eepro100, "i82557b": eepro100, "i82557c": eepro100,
	"i82558a": eepro100, "i82558b": eepro100, "i82559a": eepro100, "i82559b": eepro100, "i82559c": eepro100,
	"i82559er": eepro100, "i82562": eepro100, "i82801": eepro100,
	"iommu-testdev": {regions: [ROMBAR]string{"iommu-testdev.bar0"}},
	"lsi53c810":     {regions: [ROMBAR]string{"lsi-io", "lsi-mmio", "lsi-ram"}},
	"megasas": {regions: [ROMBAR]string{0: "megasas-mmio", 2: "megasas-io", 3: "megasas-queue"}, vectors: 15, bar: 0, table: 0x2000, pending: 0x3800,
		fills: map[string]any{"hba_serial": "QEMU123456", "sas_address": sasAddress}},
	"megasas-gen2": {regions: [ROMBAR]string{0: "megasas-io", 1: "megasas-mmio", 3: "megasas-queue"}, vectors: 15, bar: 1, table: 0x2000, pending: 0x3800,
		fills: map[string]any{"hba_serial": "QEMU123456", "sas_address": sasAddress}},
	"mptsas1068":  {regions: [ROMBAR]string{"mptsas-io", "mptsas-mmio", "mptsas-diag"}, fills: map[string]any{"sas_address": sasAddress}},
	"ne2k_pci":    {regions: [ROMBAR]string{"ne2000"}},
	"pci-testdev": {regions: [ROMBAR]string{"pci-testdev-mmio", "pci-testdev-portio"}},
	"pcnet":       {regions: [ROMBAR]string{"pcnet-io", "pcnet-mmio"}},
	"pvscsi":      {regions: [ROMBAR]string{"pvscsi-io"}},
	"rocker":      {regions: [ROMBAR]string{"rocker-mmio", "rocker-msix-bar"}, vectors: 2, bar: 1, pending: 0x1000},
	"rtl8139":     {regions: [ROMBAR]string{"rtl8139", "rtl8139-mem"}},
	"sdhci-pci":   {regions: [ROMBAR]string{"sdhci"}},
	"secondary-vga": {regions: [ROMBAR]string{0: "vga.vram", 2: "vga.mmio"},
		parts: map[int][]part{2: append([]part{{"vga ioports remapped", 0x400, 0x20}}, displayParts...)}, fills: displayMode},
	"tulip":   {regions: [ROMBAR]string{"tulip-io", "tulip-mem"}},
	"ufs":     {regions: [ROMBAR]string{"ufs"}},
	"vmxnet3": {regions: [ROMBAR]string{"vmxnet3-b0", "vmxnet3-b1", "vmxnet3-msix-bar"}, vectors: 25, bar: 2, pending: 0x1000},
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
			return l
		}
	}
	return layout{}
}
