package pci

// Types of PCI Express functions, as the Express capability numbers them.
const (
	ExpressEndpoint   = 0x0
	ExpressRootPort   = 0x4
	ExpressUpstream   = 0x5
	ExpressDownstream = 0x6
	ExpressBridge     = 0x7 // to conventional PCI
	ExpressIntegrated = 0x9 // endpoint on the root bus
)

// Offsets in the Express capability.
const (
	expFlags   = 0x02
	expDevCap  = 0x04
	expDevCtl  = 0x08
	expDevSta  = 0x0a
	expLnkCap  = 0x0c
	expLnkCtl  = 0x10
	expLnkSta  = 0x12
	expSltCap  = 0x14
	expSltCtl  = 0x18
	expSltSta  = 0x1a
	expRootCtl = 0x1c
	expDevCap2 = 0x24
	expDevCtl2 = 0x28
	expLnkCap2 = 0x2c
	expLnkCtl2 = 0x30
	expSize    = 0x3c
	expSize1   = 0x14 // of version 1, without slot and root

	expVersion    = 2
	expSlot       = 0x0100 // flag: has slot registers
	lnkActive     = 0x2000 // link status: data link layer active
	devCtl2ARI    = 0x0020
	devErrors     = 0x000f
	devCtl2Writes = 0x8000 // end-to-end prefix blocking
)

// headerSpace is how much of configuration space conventional accesses reach;
// capabilities lie in it.
const headerSpace = 256

// ExpressCap describes the PCI Express capability of a function.
type ExpressCap struct {
	Offset           int
	Type             uint8
	Slot             bool
	Errors           bool // the guest can enable messages of errors
	DevCap, LnkCap   uint32
	LnkSta           uint16
	DevCap2, LnkCap2 uint32
}

// EndpointCap returns the capability that QEMU's endpoints have: one lane at
// 2.5 GT/s. On the root bus they are integrated ones.
func (d *Device) EndpointCap(offset int) ExpressCap {
	typ := uint8(ExpressEndpoint)
	if d.bus.Root() {
		typ = ExpressIntegrated
	}
	return ExpressCap{Offset: offset, Type: typ, Errors: d.layout().errors, DevCap: 0x8020, LnkCap: 0x411, LnkSta: 0x11, DevCap2: 0x00300000}
}

// AddExpress adds the capability.
func (d *Device) AddExpress(c ExpressCap) error {
	size, version := expSize, uint16(expVersion)
	if c.Offset+expSize > headerSpace { // a few old chips have the first version there
		size, version = expSize1, 1
	}
	at, err := d.AddCapability(CapExpress, c.Offset, size)
	if err != nil {
		return err
	}
	d.exp = uint8(at)
	flags := version | uint16(c.Type)<<4
	if c.Slot {
		flags |= expSlot
	}
	d.SetConfigWord(at+expFlags, flags)
	d.SetConfigLong(at+expDevCap, c.DevCap)
	d.SetConfigLong(at+expLnkCap, c.LnkCap)
	d.SetConfigWord(at+expLnkSta, c.LnkSta)
	if c.Errors {
		d.SetWritable(at+expDevCtl, 2, devErrors)
		d.SetClearable(at+expDevSta, 2, devErrors)
	}
	if version == 1 {
		return nil
	}
	d.SetConfigLong(at+expDevCap2, c.DevCap2)
	d.SetConfigLong(at+expLnkCap2, c.LnkCap2)
	if c.LnkCap2 != 0 {
		d.SetConfigWord(at+expLnkCtl2, uint16(c.LnkCap&0xf)) // target speed
	}
	writes := uint32(devCtl2Writes)
	if c.Type == ExpressRootPort || c.Type == ExpressDownstream {
		writes |= devCtl2ARI
	}
	d.SetWritable(at+expDevCtl2, 2, writes)
	return nil
}

// ExpressType returns the type of the Express capability, false when the
// function has none.
func (d *Device) ExpressType() (uint8, bool) {
	if d.exp == 0 {
		return 0, false
	}
	return uint8(d.ConfigWord(int(d.exp)+expFlags) >> 4 & 0xf), true
}

// Fields of the link registers.
const (
	lnkSpeed = 0x000f
	lnkWidth = 0x03f0
	lnkSlow  = 0x0001 // 2.5 GT/s
	lnkOne   = 0x0010 // one lane
)

// negotiateLink puts into a port's link status what it has agreed on with the
// function below: no more than either can do, and the least where there is none.
func (d *Device) negotiateLink() {
	at := int(d.exp)
	agreed := uint16(0)
	if b := BridgeFrom(d); b != nil {
		if f := b.Secondary().At(0); f != nil && f.exp != 0 {
			status, most := f.ConfigWord(int(f.exp)+expLnkSta), d.ConfigWord(at+expLnkCap)
			agreed = min(status&lnkSpeed, most&lnkSpeed) | min(status&lnkWidth, most&lnkWidth)
		}
	}
	if agreed&lnkSpeed == 0 {
		agreed |= lnkSlow
	}
	if agreed&lnkWidth == 0 {
		agreed |= lnkOne
	}
	d.changeWord(at+expLnkSta, lnkSpeed|lnkWidth, agreed)
}
