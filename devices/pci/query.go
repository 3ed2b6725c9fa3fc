package pci

// The following types are the answer to query-pci, named as in QEMU's schema.

// Info describes one bus and what is on it.
type Info struct {
	Bus     int64        `json:"bus"`
	Devices []DeviceInfo `json:"devices"`
}

// DeviceInfo describes one function.
type DeviceInfo struct {
	Bus        int64       `json:"bus"`
	Slot       int64       `json:"slot"`
	Function   int64       `json:"function"`
	Class      DeviceClass `json:"class_info"`
	ID         DeviceID    `json:"id"`
	IRQ        *int64      `json:"irq,omitempty"` // interrupt line, when there is a pin
	IRQPin     int64       `json:"irq_pin"`
	QdevID     string      `json:"qdev_id"`
	BridgeInfo *BridgeInfo `json:"pci_bridge,omitempty"`
	Regions    []BARInfo   `json:"regions"`
}

// DeviceClass is the class code and its name, when it has one.
type DeviceClass struct {
	Desc  string `json:"desc,omitempty"`
	Class int64  `json:"class"`
}

// DeviceID identifies a function.
type DeviceID struct {
	Device          int64  `json:"device"`
	Vendor          int64  `json:"vendor"`
	Subsystem       *int64 `json:"subsystem,omitempty"`
	SubsystemVendor *int64 `json:"subsystem-vendor,omitempty"`
}

// BridgeInfo describes what a bridge forwards, and the bus behind it once the
// guest numbered it.
type BridgeInfo struct {
	Bus     BusInfo       `json:"bus"`
	Devices *[]DeviceInfo `json:"devices,omitempty"`
}

// BusInfo is the numbers and windows of a bridge.
type BusInfo struct {
	Number       int64     `json:"number"`
	Secondary    int64     `json:"secondary"`
	Subordinate  int64     `json:"subordinate"`
	IO           RangeInfo `json:"io_range"`
	Memory       RangeInfo `json:"memory_range"`
	Prefetchable RangeInfo `json:"prefetchable_range"`
}

// RangeInfo is a window; base may be above limit, which means nothing.
type RangeInfo struct {
	Base  uint64 `json:"base"`
	Limit uint64 `json:"limit"`
}

// BARInfo describes one base address register; address is -1 when it decodes
// nothing.
type BARInfo struct {
	BAR      int64  `json:"bar"`
	Type     string `json:"type"`
	Address  int64  `json:"address"`
	Size     int64  `json:"size"`
	Prefetch *bool  `json:"prefetch,omitempty"`
	Mem64    *bool  `json:"mem_type_64,omitempty"`
}

// Query answers query-pci for the given root buses.
func Query(roots []*Bus) []Info {
	list := []Info{}
	for _, b := range roots {
		list = append(list, Info{Bus: int64(b.Number()), Devices: b.query(b.Number())})
	}
	return list
}

func (b *Bus) query(number uint8) []DeviceInfo {
	list := []DeviceInfo{}
	for _, d := range b.Functions() {
		list = append(list, d.query(b, number))
	}
	return list
}

func (d *Device) query(b *Bus, number uint8) DeviceInfo {
	class := int64(d.ConfigWord(regClass))
	info := DeviceInfo{
		Bus: int64(number), Slot: int64(d.Slot()), Function: int64(d.Func()), QdevID: d.ID(),
		Class:   DeviceClass{Class: class, Desc: classNames[uint16(class)]},
		ID:      DeviceID{Device: int64(d.ConfigWord(regDevice)), Vendor: int64(d.ConfigWord(regVendor))},
		IRQPin:  int64(d.Config(regIRQPin)),
		Regions: []BARInfo{},
	}
	if info.IRQPin != 0 {
		line := int64(d.Config(regIRQLine))
		info.IRQ = &line
	}
	for _, r := range d.BARs() {
		info.Regions = append(info.Regions, r.query())
	}
	if br := BridgeFrom(d); br != nil {
		info.BridgeInfo = br.query(b)
		return info
	}
	subsystem, vendor := int64(d.ConfigWord(regSubsystem)), int64(d.ConfigWord(regSubvendor))
	info.ID.Subsystem, info.ID.SubsystemVendor = &subsystem, &vendor
	return info
}

func (r BAR) query() BARInfo {
	info := BARInfo{BAR: int64(r.Number), Type: "io", Address: int64(r.Address), Size: int64(r.Size)}
	if r.Kind&BARIO == 0 {
		prefetch, wide := r.Kind&BARPrefetch != 0, r.Kind&BARMem64 != 0
		info.Type, info.Prefetch, info.Mem64 = "memory", &prefetch, &wide
	}
	return info
}

func (b *Bridge) query(on *Bus) *BridgeInfo {
	info := &BridgeInfo{Bus: BusInfo{
		Number: int64(b.Config(regPrimaryBus)), Secondary: int64(b.Config(regSecondaryBus)), Subordinate: int64(b.Config(regSubordinate)),
		IO: RangeInfo(b.IOWindow()), Memory: RangeInfo(b.MemoryWindow()), Prefetchable: RangeInfo(b.PrefetchableWindow()),
	}}
	if number := b.Config(regSecondaryBus); number != 0 {
		if child := on.Find(number); child != nil {
			devices := child.query(number)
			info.Devices = &devices
		}
	}
	return info
}

// classNames are QEMU's names of class codes.
var classNames = map[uint16]string{
	0x0001: "VGA controller",
	0x0100: "SCSI controller", 0x0101: "IDE controller", 0x0102: "Floppy controller", 0x0103: "IPI controller",
	0x0104: "RAID controller", 0x0106: "SATA controller", 0x0107: "SAS controller", 0x0180: "Storage controller",
	0x0200: "Ethernet controller", 0x0201: "Token Ring controller", 0x0202: "FDDI controller",
	0x0203: "ATM controller", 0x0280: "Network controller",
	0x0300: "VGA controller", 0x0301: "XGA controller", 0x0302: "3D controller", 0x0380: "Display controller",
	0x0400: "Video controller", 0x0401: "Audio controller", 0x0402: "Phone", 0x0403: "Audio controller",
	0x0480: "Multimedia controller",
	0x0500: "RAM controller", 0x0501: "Flash controller", 0x0580: "Memory controller",
	0x0600: "Host bridge", 0x0601: "ISA bridge", 0x0602: "EISA bridge", 0x0603: "MC bridge", 0x0604: "PCI bridge",
	0x0605: "PCMCIA bridge", 0x0606: "NUBUS bridge", 0x0607: "CARDBUS bridge", 0x0608: "RACEWAY bridge", 0x0680: "Bridge",
	0x0700: "Serial port", 0x0701: "Parallel port",
	0x0800: "Interrupt controller", 0x0801: "DMA controller", 0x0802: "Timer", 0x0803: "RTC",
	0x0900: "Keyboard", 0x0901: "Pen", 0x0902: "Mouse",
	0x0a00: "Dock station", 0x0b00: "i386 cpu",
	0x0c00: "Firewire controller", 0x0c01: "Access bus controller", 0x0c02: "SSA controller", 0x0c03: "USB controller",
	0x0c04: "Fibre channel controller", 0x0c05: "SMBus",
}
