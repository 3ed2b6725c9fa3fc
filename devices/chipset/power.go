package chipset

import (
	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// power is what the power management functions of both boards have in common:
// the fixed registers in a container whose place the guest chooses, the events,
// PCI hot-plug, and the port that switches ACPI on.
type power struct {
	pci.Device
	acpi.PCIHotplug
	wiring
	model *powerModel

	fixed   acpi.PM
	gpe     acpi.GPE
	cpus    acpi.CPUHotplug
	modules acpi.MemoryHotplug
	gpeIO   memory.Region
	block   memory.Region // the container
	apm     memory.Region
	apmRegs [2]byte
	extra   []memory.Region
	rcrb    *memory.Region // of an ICH9; nil: none
	rcrbAt  uint64         // where it shows, 0 for nowhere

	bridges, root bool
	s4            uint8
	enableCmd     uint8
	disableCmd    uint8
}

// powerModel is what the two differ in.
type powerModel struct {
	class      pci.Class
	block      string // name of the container
	blockSize  uint64
	baseReg    int // configuration register with the base
	baseMask   uint32
	enableReg  int // and with the bit that makes it decode
	enableBit  uint8
	gpeSize    int
	gpeBase    uint16 // port, or 0: in the block at gpeOffset
	gpeOffset  uint16
	pcihp      uint16
	cpuhp      uint16
	enableCmd  uint8
	disableCmd uint8
	writable   []writable
	extra      []region
}

type writable struct {
	at, size int
	mask     uint32
}

func (p *power) attach(b *Board, of *part) {
	p.wiring.attach(b, of)
	b.pm, b.PowerDevice, b.Hotplug = p, &p.Device.Device, &p.PCIHotplug
}

// RealizePCI implements [pci.Function].
func (p *power) RealizePCI() error {
	m, b := p.model, p.board
	sys, o := p.Env().Memory, &p.Object
	for _, w := range m.writable {
		p.SetWritable(w.at, w.size, w.mask)
	}
	p.SetConfig(m.baseReg, 1) // an I/O address
	p.apm.InitIO(sys, o, apmOps{p}, "apm-io", 2)
	p.apm.SetRules(&alignedBytes)
	b.opts.IO.AddSubregion(0xb2, &p.apm)

	p.block.Init(sys, o, m.block, m.blockSize)
	p.block.SetEnabled(false)
	b.opts.IO.AddSubregion(0, &p.block)
	p.fixed.Init(&p.Device.Device, &p.block, p.s4)
	p.fixed.OnSleep = b.opts.Sleep
	p.fixed.Raised, p.gpe.Raised = p.raise, p.raise
	p.fixed.Changed, p.gpe.Changed = p.updateSCI, p.updateSCI

	p.gpe.Init(m.gpeSize)
	p.gpeIO.InitIO(sys, o, &p.gpe, "acpi-gpe0", uint64(m.gpeSize))
	p.gpeIO.SetRules(&acpi.ByteRules)
	if m.gpeBase != 0 {
		b.opts.IO.AddSubregion(uint64(m.gpeBase), &p.gpeIO)
	} else {
		p.block.AddSubregion(uint64(m.gpeOffset), &p.gpeIO)
	}
	p.extra = make([]memory.Region, len(m.extra))
	for i, s := range m.extra {
		r := &p.extra[i]
		s.init(r, b, o, o, nil)
		switch s.in {
		case m.block:
			p.block.AddSubregion(s.at, r)
		case "io":
			b.opts.IO.AddSubregionOverlap(s.at, r, s.priority)
		case "":
			p.rcrb = r
		}
	}
	p.cpus.Init(&p.Device.Device, &p.gpe, b.opts.IO, m.cpuhp, b.opts.CPUs)
	b.CPUs = &p.cpus
	if b.opts.MemorySlots > 0 {
		p.modules.Init(&p.Device.Device, &p.gpe, b.opts.IO, b.opts.MemorySlots)
		b.Memory = &p.modules
	}
	if p.cpus.Legacy() {
		if err := p.AddProperty(legacyCPUs(&p.cpus)); err != nil {
			return err
		}
	}
	if !p.Env().Ways.LooseBoard {
		if err := p.AddProperty(qom.FixedLink(qom.WeakLink("bus", "PCI", func() *qom.Object { return &b.Root.Object }))); err != nil {
			return err
		}
	}
	if p.bridges || p.root {
		p.PCIHotplug.Init(p, &p.Device.Device, b.Root, &p.gpe, b.opts.IO,
			acpi.PCIHotplugOptions{Bridges: p.bridges, Root: p.root, Base: m.pcihp})
	}
	return nil
}

// legacyCPUs is the property that tells how processors go, see
// [acpi.CPUHotplug.Legacy]; false is for good.
func legacyCPUs(cpus *acpi.CPUHotplug) *qom.Property {
	const name = "cpu-hotplug-legacy"
	return &qom.Property{Name: name, Type: "bool",
		Get: func(*qom.Object) (any, error) { return cpus.Legacy(), nil },
		Set: func(_ *qom.Object, in qom.Input) error {
			legacy, err := in.Bool(name)
			if err == nil && !legacy && cpus.Legacy() {
				cpus.Modernize()
			}
			return err
		}}
}

// updateSCI drives the system control interrupt.
func (p *power) updateSCI() {
	b, on := p.board, p.fixed.Pending() || p.gpe.Pending()
	if b.Root.Express() { // it is in the bridge
		b.output(&b.lines.sci, sciInput, on)
	} else {
		b.lines.level(&b.lines.sci, sciInput, on)
	}
}

// raise tells the guest of an event.
func (p *power) raise() {
	if f := p.Env().Interrupt; f != nil {
		f()
	}
}

// QOM returns the object; both embedded structs are handlers' bases.
func (p *power) QOM() *qom.Object { return &p.Object }

// ResetPCI implements [pci.FunctionResetter].
func (p *power) ResetPCI() {
	p.fixed.Reset()
	p.gpe.Reset()
	p.apmRegs = [2]byte{}
	m := p.model
	p.SetConfigLong(m.baseReg, 1)
	p.SetConfig(m.enableReg, 0)
	if p.rcrb != nil {
		p.resetRoutes()
	}
	p.decode()
	p.ResetHotplug()
}

// ConfigWrite implements [pci.ConfigWriter].
func (p *power) ConfigWrite(addr, size int, val uint32) {
	p.WriteConfig(addr, size, val)
	p.decode()
}

// base is where the block is, 0 when it is not decoded.
func (p *power) base() uint16 {
	if p.Config(p.model.enableReg)&p.model.enableBit == 0 {
		return 0
	}
	return uint16(p.ConfigLong(p.model.baseReg) & p.model.baseMask)
}

// decode shows the block where the configuration space says.
func (p *power) decode() {
	sys := p.Env().Memory
	sys.Begin()
	defer sys.Commit()
	on := p.Config(p.model.enableReg)&p.model.enableBit != 0
	p.block.SetEnabled(on)
	p.block.SetAddress(uint64(p.ConfigLong(p.model.baseReg) & p.model.baseMask))
	if p.rcrb != nil {
		p.decodeRCRB()
	}
}

// decodeRCRB shows the root complex registers where the configuration space
// says.
func (p *power) decodeRCRB() {
	at := uint64(0)
	if reg := p.ConfigLong(rcrbBase); reg&rcrbOn != 0 {
		at = uint64(reg & rcrbMask)
	}
	if at == p.rcrbAt {
		return
	}
	if p.rcrbAt != 0 {
		p.board.opts.System.DelSubregion(p.rcrb)
	}
	if p.rcrbAt = at; at != 0 {
		p.board.opts.System.AddSubregionOverlap(at, p.rcrb, 1)
	}
}

// resetRoutes is what a reset does to the routes of interrupts.
func (p *power) resetRoutes() {
	p.SetConfigLong(rcrbBase, 0)
	for line := range 4 {
		p.SetConfig(routeAtoD+line, routeNone)
		p.SetConfig(routeEtoH+line, routeNone)
	}
	p.board.rcrb.reset()
}

func (p *power) tables() Tables {
	t := Tables{PCIHotplug: p.PCIHotplug.Base(), PCIBuses: p.PCIHotplug.Buses(),
		CPUHotplug: p.cpus.Base(), CPUs: p.cpus.Len(), MemoryHotplug: p.modules.Base(), MemorySlots: p.modules.Len()}
	base := p.base()
	if base != 0 {
		t.PM1Status, t.PM1Control = base, base+4
	}
	switch {
	case p.model.gpeBase != 0:
		t.GPEStatus = p.model.gpeBase
	case base != 0:
		t.GPEStatus = base + p.model.gpeOffset
	}
	if t.GPEStatus != 0 {
		t.GPEEnable = t.GPEStatus + uint16(p.model.gpeSize/2)
	}
	return t
}

// place programs the block's place, by configuration cycles as firmware does.
func (p *power) place(bus *pci.Bus, port uint16) {
	m := p.model
	bus.WriteConfig(0, p.Devfn(), m.baseReg, 4, uint32(port)|1)
	bus.WriteConfig(0, p.Devfn(), m.enableReg, 1, uint32(m.enableBit))
}

// alignedBytes are the access rules of registers of a byte that take no access
// across what is aligned.
var alignedBytes = memory.Rules{Valid: memory.Access{Min: 1, Max: 4}, Impl: memory.Access{Min: 1, Max: 1}}

// apmOps is the port by which firmware and guest switch ACPI mode.
type apmOps struct{ p *power }

func (a apmOps) Read(addr uint64, _ int) uint64 { return uint64(a.p.apmRegs[addr&1]) }

func (a apmOps) Write(addr uint64, _ int, val uint64) {
	p := a.p
	p.apmRegs[addr&1] = byte(val)
	if addr&1 != 0 {
		return
	}
	switch byte(val) {
	case p.enableCmd:
		p.fixed.SetSCI(true)
	case p.disableCmd:
		p.fixed.SetSCI(false)
	}
}

// sciLine is the interrupt line of the events.
const sciLine = 9

// powerProperties are the properties that decide about hot-plug, and what the
// registers are worth.
func powerProperties(root bool) []*qom.Property {
	of := func(o *qom.Object) *power { return o.Self().(*power) }
	flag := func(name string, field func(*power) *bool) *qom.Property {
		return &qom.Property{Name: name, Type: "bool",
			Get: func(o *qom.Object) (any, error) { return *field(of(o)), nil },
			Set: func(o *qom.Object, in qom.Input) error {
				if err := qdev.CheckUnrealized(o, name); err != nil {
					return err
				}
				v, err := in.Bool(name)
				if err == nil {
					*field(of(o)) = v
				}
				return err
			}}
	}
	show := func(name, typ string, get func(*power) uint64) *qom.Property {
		return &qom.Property{Name: name, Type: typ, Untold: true, Get: func(o *qom.Object) (any, error) { return get(of(o)), nil }}
	}
	list := []*qom.Property{
		flag("acpi-pci-hotplug-with-bridge-support", func(p *power) *bool { return &p.bridges }),
		show("acpi-pcihp-io-base", "uint16", func(p *power) uint64 { return uint64(p.model.pcihp) }),
		show("acpi-pcihp-io-len", "uint16", func(*power) uint64 { return 0x18 }),
		show("acpi_enable_cmd", "uint8", func(p *power) uint64 { return uint64(p.enableCmd) }),
		show("acpi_disable_cmd", "uint8", func(p *power) uint64 { return uint64(p.disableCmd) }),
		show("gpe0_blk_len", "uint32", func(p *power) uint64 { return uint64(p.model.gpeSize) }),
		show("gpe0_blk", "uint32", func(p *power) uint64 {
			if p.model.gpeBase != 0 {
				return uint64(p.model.gpeBase)
			}
			return uint64(p.base() + p.model.gpeOffset)
		}),
		show("pm_io_base", "uint32", func(p *power) uint64 { return uint64(p.base()) }),
		{Name: "s4_val", Type: "uint8",
			Get: func(o *qom.Object) (any, error) { return uint64(of(o).s4), nil },
			Set: func(o *qom.Object, in qom.Input) error {
				v, err := in.Uint("s4_val", 8)
				if err == nil {
					of(o).s4 = uint8(v)
				}
				return err
			}},
	}
	if root {
		list = append(list, show("sci_int", "uint16", func(*power) uint64 { return sciLine }),
			flag("acpi-root-pci-hotplug", func(p *power) *bool { return &p.root }))
	}
	return list
}
