package virtio

import (
	"errors"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
)

// Where QEMU puts the structures of virtio 1.x in their BAR.
const (
	isrAt     = 0x1000
	configAt  = 0x2000
	notifyAt  = 0x3000
	partSize  = 0x1000
	vgaCommon = 0x1000 // virtio-vga has its own registers at the start
	vgaISR    = 0x1800
	vgaSize   = 0x0800
	vgaMemory = 8 << 20
	pageMult  = 0x1000 // between the notification addresses of queues, with page-per-vq
	plainMult = 4      // without
)

// Numbers of the BARs.
const (
	barLegacy  = 0
	barMSIX    = 1
	barPortIO  = 2
	barModern  = 4
	vgaModern  = 2 // virtio-vga has its frame buffer in BAR 0
	vgaMSIX    = 4
	legacySize = 24 // legacy registers before the configuration structure
)

// Types of structures that capabilities point to, VIRTIO 1.2 section 4.1.4.
const (
	capCommon = 1
	capNotify = 2
	capISR    = 3
	capConfig = 4
	capAccess = 5

	capVendor = 0x09
)

var errPlatform = errors.New("VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional device")

// vga reports whether the function is a graphics card with a frame buffer
// besides.
func (p *Proxy) vga() bool { return p.Is("virtio-vga-base") }

// bars returns the numbers of the modern BAR and the one for MSI-X.
func (p *Proxy) bars() (modern, msix int) {
	if p.vga() {
		return vgaModern, vgaMSIX
	}
	return barModern, barMSIX
}

// parts returns where common configuration and interrupt status are, and the
// size of each.
func (p *Proxy) parts() (common, isr, size uint64) {
	if p.vga() {
		return vgaCommon, vgaISR, vgaSize
	}
	return 0, isrAt, partSize
}

// mapFrameBuffer adds the memory of a graphics card.
func (p *Proxy) mapFrameBuffer() error {
	r := new(memory.Region)
	r.InitRAM(p.Env().Memory, &p.Object, "vga.vram", vgaMemory)
	return p.RegisterBAR(0, pci.BARMem|pci.BARPrefetch, r)
}

// plugged gives the function the identity, the BARs and the capabilities of
// its backend.
func (p *Proxy) plugged(d *Device) error {
	if p.legacy && d.Offered(FeatureAccessPlat) {
		return errPlatform
	}
	p.identify(d)
	modernBAR, msixBAR := p.bars()
	if p.modern {
		d.Offer(FeatureVersion1)
		if err := p.mapModern(d, modernBAR); err != nil {
			return err
		}
	}
	if p.vectors > 0 {
		if err := p.InitMSIXExclusive(int(p.vectors), msixBAR); err != nil {
			p.Env().Log.Warn("unable to init msix vectors", "device", p.Label(), "vectors", p.vectors, "error", err)
			p.vectors = 0
			p.Store("vectors", uint64(0))
		}
	}
	if p.legacy {
		return p.mapLegacy(d)
	}
	if p.vga() {
		return p.mapFrameBuffer()
	}
	return nil
}

// identify sets the identity, VIRTIO 1.2 section 4.1.2.
func (p *Proxy) identify(d *Device) {
	const vendor = 0x1af4
	p.SetConfigWord(0x00, vendor)
	p.SetConfigWord(0x2c, vendor)
	if p.legacy {
		p.SetConfigWord(0x02, d.kind.Transitional)
		p.SetConfigWord(0x2e, d.kind.ID)
		p.SetConfig(0x08, 0)
	} else {
		p.SetConfigWord(0x02, 0x1040+d.kind.ID)
		p.SetConfigWord(0x2e, 0x1100)
		p.SetConfig(0x08, 1)
	}
	if d.kind.Class != 0 {
		p.SetConfigWord(0x0a, d.kind.Class)
	}
	if d.kind.Name == "virtio-serial" {
		p.settleSerialClass(d.kind.Class)
	}
	if c := p.StoredUint("class"); c != 0 {
		p.SetConfigWord(0x0a, uint16(c))
	}
	p.SetConfig(0x3d, 1)
}

// settleSerialClass takes away what the user says of the class of a serial
// adapter, but for the two classes that early QEMU had for it.
func (p *Proxy) settleSerialClass(class uint16) {
	const displayOther, unassigned = 0x0380, 0x00ff
	switch p.StoredUint("class") {
	case displayOther, unassigned:
	default:
		p.Store("class", uint64(class))
	}
}

// mult is the distance between the notification addresses of two queues.
func (p *Proxy) mult() uint64 {
	if p.Bool("page-per-vq", false) {
		return pageMult
	}
	return plainMult
}

// mapModern makes the structures of virtio 1.x and the capabilities that lead
// to them.
func (p *Proxy) mapModern(d *Device, bar int) error {
	sys, owner, name := p.Env().Memory, &p.Object, d.kind.Name
	p.block = commonTable.New(p)
	notifySize := p.mult() * maxQueue
	size := uint64(4 * partSize)
	for size < notifyAt+notifySize {
		size *= 2
	}
	commonAt, isrAt, part := p.parts()
	p.bar.Init(sys, owner, "virtio-pci", size)
	p.common.InitIO(sys, owner, &p.block, "virtio-pci-common-"+name, part)
	p.isr.InitIO(sys, owner, memory.Funcs{OnRead: func(uint64, int) uint64 { return p.readISR() }}, "virtio-pci-isr-"+name, part)
	p.config.InitIO(sys, owner, memory.Funcs{OnRead: d.readConfig, OnWrite: d.writeConfig}, "virtio-pci-device-"+name, partSize)
	p.notify.InitIO(sys, owner, memory.Funcs{OnWrite: func(addr uint64, _ int, _ uint64) { p.notifyQueue(addr / p.mult()) }},
		"virtio-pci-notify-"+name, notifySize)
	p.pioNotify.InitIO(sys, owner, memory.Funcs{OnWrite: func(_ uint64, _ int, val uint64) { p.notifyQueue(val) }},
		"virtio-pci-notify-pio-"+name, 4)
	for _, part := range [...]struct {
		r          *memory.Region
		at         uint64
		kind, size uint8
	}{
		{&p.common, commonAt, capCommon, 16}, {&p.isr, isrAt, capISR, 16},
		{&p.config, configAt, capConfig, 16}, {&p.notify, notifyAt, capNotify, 20},
	} {
		p.bar.AddSubregion(part.at, part.r)
		at, err := p.addCap(part.kind, int(part.size), bar, uint32(part.at), uint32(part.r.Size()))
		if err != nil {
			return err
		}
		if part.kind == capNotify {
			p.SetConfigLong(at+16, uint32(p.mult()))
		}
	}
	if p.Bool("modern-pio-notify", false) {
		if err := p.mapPortNotify(); err != nil {
			return err
		}
	}
	at, err := p.addCap(capAccess, 20, 0, 0, 0)
	if err != nil {
		return err
	}
	p.access = at
	p.SetWritable(at+4, 1, 0xff)
	p.SetWritable(at+8, 4, 0xffffffff)
	p.SetWritable(at+12, 4, 0xffffffff)
	p.SetWritable(at+16, 4, 0xffffffff)
	return p.RegisterBAR(bar, pci.BARMem64|pci.BARPrefetch, &p.bar)
}

// mapPortNotify adds the notification by port, which QEMU has as an extra.
func (p *Proxy) mapPortNotify() error {
	p.pioBAR.Init(p.Env().Memory, &p.Object, "virtio-pci-io", 4)
	p.pioBAR.AddSubregion(0, &p.pioNotify)
	if _, err := p.addCap(capNotify, 20, barPortIO, 0, 4); err != nil {
		return err
	}
	return p.RegisterBAR(barPortIO, pci.BARIO, &p.pioBAR)
}

// addCap adds a capability that points to a structure, VIRTIO 1.2 section
// 4.1.4.
func (p *Proxy) addCap(kind uint8, size, bar int, offset, length uint32) (int, error) {
	at, err := p.AddCapability(capVendor, 0, size)
	if err != nil {
		return 0, err
	}
	p.SetConfig(at+2, uint8(size))
	p.SetConfig(at+3, kind)
	p.SetConfig(at+4, uint8(bar))
	p.SetConfigLong(at+8, offset)
	p.SetConfigLong(at+12, length)
	return at, nil
}

// notifyQueue is the driver's notification of a queue.
func (p *Proxy) notifyQueue(n uint64) {
	if q := p.Backend().Queue(int(min(n, maxQueue))); q != nil {
		q.notify()
	}
}

// accessed reads what the capability for access through configuration space
// points to.
func (p *Proxy) accessed(addr, size int) (off uint64, n int, ok bool) {
	if p.access == 0 || addr >= p.access+20 || addr+size <= p.access+16 {
		return 0, 0, false
	}
	off, n = uint64(p.ConfigLong(p.access+8)), int(p.ConfigLong(p.access+12))
	return off, n, n == 1 || n == 2 || n == 4
}

// accessRead fills in the data field of that capability, accessWrite passes on
// what was written there, VIRTIO 1.2 section 4.1.4.9.
func (p *Proxy) accessRead(addr, size int) {
	if off, n, ok := p.accessed(addr, size); ok {
		p.SetConfigLong(p.access+16, uint32(p.readModern(off, n)))
	}
}

func (p *Proxy) accessWrite(addr, size int) {
	if off, n, ok := p.accessed(addr, size); ok {
		p.writeModern(off, n, uint64(p.ConfigLong(p.access+16))&ones(n))
	}
}

func (p *Proxy) readModern(off uint64, n int) uint64 {
	common, isr, _ := p.parts()
	switch {
	case off < common:
		return 0
	case off < isr:
		return p.block.Read(off-common, n)
	case off < configAt:
		return p.readISR()
	case off < notifyAt:
		return p.Backend().readConfig(off-configAt, n)
	}
	return 0
}

func (p *Proxy) writeModern(off uint64, n int, val uint64) {
	common, isr, _ := p.parts()
	switch {
	case off < common:
	case off < isr:
		p.block.Write(off-common, n, val)
	case off < configAt:
	case off < notifyAt:
		p.Backend().writeConfig(off-configAt, n, val)
	default:
		p.notifyQueue((off - notifyAt) / p.mult())
	}
}
