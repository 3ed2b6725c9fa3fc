package virtio

import (
	"errors"
	"strings"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/regs"
	"github.com/qomd/qomd/qom"
)

// Proxy is the PCI function that carries a virtio device; it corresponds to
// VirtIOPCIProxy in QEMU.
type Proxy struct {
	pci.Device
	vbus    qdev.Bus
	backend Model // lives in the struct around the proxy

	modern, legacy bool
	vectors        uint32
	space          *memory.AddressSpace // what rings and buffers are in

	bar, common, isr, config, notify memory.Region
	pioBAR, pioNotify, legacyBAR     memory.Region
	block                            regs.Block[*Proxy] // the common configuration
	driverBits                       [2]uint32          // features as the driver wrote them
	access                           int                // offset of the capability for access through configuration space
}

// A Preparer settles properties that its proxy derives from the machine,
// before the backend is realized.
type Preparer interface{ Prepare(p *Proxy) }

// A VectorUser says how many MSI-X vectors its proxy gets unless the user
// asked for a number.
type VectorUser interface{ Vectors() uint32 }

// vectorsOpen is the value of the property vectors that leaves the choice to
// the device.
const vectorsOpen = 0xffffffff

var errNeither = errors.New("device cannot work as neither modern nor legacy mode is enabled")

// VirtioProxy returns p; every proxy has it.
func (p *Proxy) VirtioProxy() *Proxy { return p }

// Backend returns the virtio device inside the proxy.
func (p *Proxy) Backend() *Device { return p.backend.Virtio() }

// proxyOf returns the proxy that offers a virtio bus.
func proxyOf(b *qdev.Bus) *Proxy {
	if b == nil || b.Device() == nil {
		return nil
	}
	if m, ok := b.Device().Self().(interface{ VirtioProxy() *Proxy }); ok {
		return m.VirtioProxy()
	}
	return nil
}

// embed makes the backend, a field of the struct around the proxy, an object,
// and its properties the proxy's.
func (p *Proxy) embed(m Model, typ string, k *Kind, aliases *aliasTable) {
	p.backend = m
	d := m.Virtio()
	o, err := p.Tree().EmbedChild(&p.Object, &p.Object, "virtio-backend", m, typ)
	if err != nil {
		p.Env().Log.Error("virtio backend has no place", "device", p.TypeName(), "error", err)
		return
	}
	d.kind = k
	for _, a := range aliases.of(p.Class(), o) {
		if err := p.AddProperty(a); err != nil {
			p.Env().Log.Error("property of the backend left out", "device", p.TypeName(), "error", err)
		}
	}
}

// decide settles which interfaces the function has: by its type, by its
// properties, and by the slot.
func (p *Proxy) decide(bus *pci.Bus) {
	choice := p.Choice("disable-legacy")
	p.modern = !p.Bool("disable-modern", false)
	switch typ := p.TypeName(); {
	case p.Backend().kind.Transitional == 0, strings.HasSuffix(typ, "-non-transitional"):
		p.modern, p.legacy = true, false
	case strings.HasSuffix(typ, "-transitional"):
		p.modern, p.legacy = true, true
	case choice == "auto":
		p.legacy = !bus.Express() || bus.Root()
	default:
		p.legacy = choice == "off"
	}
}

// ExpressOn tells package pci whether the function is a PCI Express one: it is
// with the modern interface behind a port.
func (p *Proxy) ExpressOn(bus *pci.Bus) bool {
	p.decide(bus)
	return p.modern && bus.Express() && !bus.Root()
}

// RealizePCI starts the function and then its backend; package pci calls it.
func (p *Proxy) RealizePCI() error {
	if !p.modern && !p.legacy {
		return errNeither
	}
	if p.Property("disable-legacy") != nil {
		p.Store("disable-legacy", map[bool]string{true: "off", false: "on"}[p.legacy])
	}
	p.space = p.systemSpace()
	if p.Express() {
		c := p.EndpointCap(0)
		c.Errors = p.Bool("x-pcie-deverr-init", true)
		if err := p.AddExpress(c); err != nil {
			return err
		}
		if err := p.AddPM(0); err != nil {
			return err
		}
		p.addExtended()
	}
	if m, ok := p.backend.(Preparer); ok {
		m.Prepare(p)
	}
	p.chooseVectors()
	qdev.InitBus(&p.vbus, "virtio-pci-bus", p.Qdev(), nil, "virtio-bus").MaxDevices = 1
	return p.backend.Virtio().Qdev().Realize(&p.vbus)
}

// addExtended adds the capabilities that properties ask for.
func (p *Proxy) addExtended() {
	at := 0x100
	if p.Bool("aer", false) {
		p.AddRestingAER(at, 2)
		at += 0x48
	}
	if p.Bool("ats", false) {
		p.AddATS(at)
	}
}

// chooseVectors settles the property vectors, which shows the number.
func (p *Proxy) chooseVectors() {
	p.vectors = uint32(p.StoredUint("vectors"))
	if p.Property("vectors") == nil {
		p.vectors = 0
	}
	if m, ok := p.backend.(VectorUser); ok && p.vectors == vectorsOpen {
		p.vectors = m.Vectors()
		p.Store("vectors", uint64(p.vectors))
	}
	if p.vectors == vectorsOpen {
		p.vectors = 0
	}
}

// ExitPCI undoes RealizePCI; the backend was unrealized before, with its bus,
// except when the function failed after RealizePCI.
func (p *Proxy) ExitPCI() {
	p.backend.Virtio().stopQueues()
	p.space, p.access = nil, 0
}

// SyncConfig implements [qdev.ConfigSyncer]: the configuration is the backend's.
func (p *Proxy) SyncConfig() error { return qdev.SyncConfig(p.backend.Virtio().Qdev()) }

// ResetPCI returns function and backend to their power-on state.
func (p *Proxy) ResetPCI() {
	p.backend.Virtio().ResetDevice()
	p.driverBits = [2]uint32{}
	if p.modern {
		p.block.Reset(true)
	}
}

// memory is what rings and buffers are in: as in QEMU, without an IOMMU in
// between that is all of memory. While the function is no bus master the
// device is disabled instead.
func (p *Proxy) memory() *memory.AddressSpace { return p.space }

// systemSpace finds the address space of the memory that bus masters see.
func (p *Proxy) systemSpace() *memory.AddressSpace {
	for _, r := range p.DMA().Root().Subregions() {
		target, _ := r.Target()
		for _, s := range p.Env().Memory.Spaces() {
			if target != nil && s.Root() == target && !s.Ports() {
				return s
			}
		}
	}
	return p.DMA()
}

// interrupt tells the driver that the interrupt status changed: by a vector's
// message, or else by the function's pin.
func (p *Proxy) interrupt(vector uint16) {
	if !p.MSIXEnabled() {
		p.SetIRQ(p.Backend().isr&isrQueue != 0)
		return
	}
	if vector != NoVector {
		p.NotifyMSIX(int(vector))
	}
}

// Bits of the interrupt status, VIRTIO 1.2 section 4.1.4.5.
const (
	isrQueue  = 1
	isrConfig = 2
)

// readISR reads the interrupt status, which clears it and releases the pin.
func (p *Proxy) readISR() uint64 {
	d := p.Backend()
	v := d.isr
	d.isr = 0
	p.SetIRQ(false)
	return uint64(v)
}

// setVector is the driver's choice of a vector; one that does not exist is
// none.
func (p *Proxy) setVector(v uint64) uint16 {
	if v < uint64(p.vectors) {
		return uint16(v)
	}
	return NoVector
}

// ConfigWrite follows writes to the configuration space: without the bus
// master bit the device is disabled.
func (p *Proxy) ConfigWrite(addr, size int, val uint32) {
	p.WriteConfig(addr, size, val)
	if addr <= 4 && addr+size > 4 {
		d := p.Backend()
		master := p.ConfigWord(4)&commandMaster != 0
		if d.disabled = !master; !master && d.status&StatusDriverOK != 0 {
			d.SetStatus(d.status &^ StatusDriverOK)
		}
	}
	p.accessWrite(addr, size)
}

// ConfigRead reads through the access capability where it is asked for.
func (p *Proxy) ConfigRead(addr, size int) uint32 {
	p.accessRead(addr, size)
	return p.ReadConfig(addr, size)
}

const commandMaster = 4

var _ qom.Instance = (*Proxy)(nil)
