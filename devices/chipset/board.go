package chipset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Options are what a board needs of its machine.
type Options struct {
	Machine    *qom.Object    // /machine
	System, IO *memory.Region // address spaces of the processors
	RAM        *memory.Region // main memory
	LowRAM     uint64         // bytes of it below 4 GiB
	HighRAM    uint64         // bytes of it above
	// CPUs are the APIC ids of the places for processors, MemorySlots the number
	// of those for memory modules, and ModulesEnd the end of the addresses that
	// modules may have, 0 without any.
	CPUs        []uint32
	MemorySlots int
	ModulesEnd  uint64

	// Asked reports what a property of the machine that is on or off was asked to
	// be; nil: nothing was asked.
	Asked func(property string) (on, given bool)

	// Sleep is told when the guest asks for a sleep state, Reset when it resets
	// the machine. Either may be nil.
	Sleep func(acpi.Sleep)
	Reset func()
	// Time is the time of the real-time clock.
	Time func() time.Time
	// Messages are the local APICs; nil: there are none.
	Messages *intc.Messages
	// Processors are those that are there from the start.
	Processors int
	// Stepped says that time only moves in steps.
	Stepped bool
	// Space is the memory that fw_cfg reads commands from, and Firmware is what
	// it tells, when the guest has written to files. Either may be nil.
	Space    *memory.AddressSpace
	Firmware func(written map[string][]byte) Firmware
	// Fill adds what the machine has in a slot of the board, as a child of a
	// device where the slot is a part of one; nil: nothing.
	Fill func(s Slot, parent *qom.Object, name string) error
}

// Board is the fixed part of a machine.
type Board struct {
	Root    *pci.Bus         // the root PCI bus
	ISA     *qdev.Bus        // the ISA bus
	Hotplug *acpi.PCIHotplug // ACPI PCI hot-plug, of [Board.PowerDevice]
	// PowerDevice is the device that has ACPI: /machine's acpi-device. Without it,
	// as on a PC with acpi=off, it is nil, and so are Hotplug, CPUs and Memory.
	PowerDevice *qdev.Device
	// Clock is the real-time clock; its property "date" is the time.
	Clock *qdev.Device
	// CPUs is the hardware that processors come and go by, Memory the one of
	// memory modules, nil when there is no slot for any.
	CPUs   *acpi.CPUHotplug
	Memory *acpi.MemoryHotplug
	// SMRAM is what /machine's smram links to.
	SMRAM *memory.Region

	env     *qdev.Env
	opts    Options
	pciMem  memory.Region
	rootBus pci.Bus
	ports   pci.ConfigPorts
	mmcfg   pci.ConfigMemory
	areas   []memory.Region // that the host bridge decides about, four for each, see [pam]
	pm      *power
	reset   resetControl
	lines   inputLines
	pics    [2]*pic
	ioapic  *ioapic
	pit     *pit
	i8042   *i8042
	// isaCounts count for the pair of 8259A.
	isaCounts lineCounts
	pins      pciPins
	rcrb      rcrb

	parts   []part
	gone    []int                // inputs that are not there
	devices []*qdev.Device       // by part; nil for one that is no device or is missing
	buses   map[string]*qdev.Bus // by key; dropped when the board is complete
}

// NewQ35 builds the board of machine types pc-q35-*.
func NewQ35(env *qdev.Env, o Options) (*Board, error) { return build(env, o, q35Parts, looseQ35) }

// NewPC builds the board of machine types pc-i440fx-*.
func NewPC(env *qdev.Env, o Options) (*Board, error) { return build(env, o, pcParts, loosePC) }

func build(env *qdev.Env, o Options, list, loose func() []part) (*Board, error) {
	if env.Ways.LooseBoard {
		list = loose
	}
	b := &Board{env: env, opts: o, parts: list(), buses: map[string]*qdev.Bus{"sysbus": env.SystemBus}}
	b.leaveOut()
	parts := b.parts
	b.devices = make([]*qdev.Device, len(parts))
	b.lines.board = b
	env.Memory.Begin()
	defer env.Memory.Commit()
	b.pciMem.Init(env.Memory, nil, "pci", all)
	o.System.AddSubregionOverlap(0, &b.pciMem, -1)
	for i := range parts {
		if err := b.add(i); err != nil {
			// What the machine has in a slot says itself what it is, as does a -global.
			if parts[i].slot != "" || strings.HasPrefix(err.Error(), "can't apply global ") {
				return nil, err
			}
			return nil, fmt.Errorf("%s of the board: %w", parts[i].typ, err)
		}
	}
	err := b.describeHost(b.device("host"))
	b.buses = nil
	b.Clock = b.device("rtc")
	return b, err
}

// leaveOut drops the parts that the machine does without, and the inputs that lead
// nowhere then.
func (b *Board) leaveOut() {
	without := func(p part) bool {
		return slices.ContainsFunc(p.with, func(property string) bool { return !b.asked(setting{property, true}) })
	}
	if !slices.ContainsFunc(b.parts, without) {
		return // they are those of all machines
	}
	b.parts = slices.Clone(b.parts)
	for _, p := range b.parts {
		if without(p) {
			b.gone = append(b.gone, p.pins...)
		}
	}
	b.parts = slices.DeleteFunc(b.parts, without)
	for i, p := range b.parts {
		if len(p.gpios) > 0 && &p.gpios[0].names[0] == &boardPins[0] {
			b.parts[i].gpios = []gpio{{boardPins, p.gpios[0].n - len(b.gone)}}
		}
	}
}

// asked is what a property of the machine says.
func (b *Board) asked(s setting) bool {
	if b.opts.Asked == nil {
		return s.usual
	}
	if on, given := b.opts.Asked(s.property); given {
		return on
	}
	return s.usual
}

// describeHost stores what the host bridge's properties tell of memory: where
// it is, and where BARs may go.
func (b *Board) describeHost(host *qdev.Device) error {
	set := func(name string, v any) {
		if host.Property(name) != nil {
			host.Store(name, v)
		}
	}
	hole64, _ := host.Stored("pci-hole64-size").(int64)
	start := 4*gib + b.opts.HighRAM
	if end := b.opts.ModulesEnd; end != 0 {
		start = (end + gib - 1) &^ (gib - 1)
	}
	set("below-4g-mem-size", b.opts.LowRAM)
	set("above-4g-mem-size", b.opts.HighRAM)
	set("pci-hole-start", b.opts.LowRAM)
	set("pci-hole-end", uint64(0xfec00000))
	set("pci-hole64-start", start)
	set("pci-hole64-end", start+uint64(hole64))
	for name, r := range map[string]*memory.Region{
		"system-mem": b.opts.System, "io-mem": b.opts.IO, "pci-mem": &b.pciMem, "ram-mem": b.opts.RAM,
	} {
		if r == nil || host.Property(name) == nil {
			continue
		}
		if err := host.AddProperty(qdev.FixedLink(qom.WeakLink(name, memory.TypeName, func() *qom.Object { return &r.Object }))); err != nil {
			return err
		}
	}
	return nil
}

// device returns the device of the part with a key, nil when it is not there.
func (b *Board) device(key string) *qdev.Device {
	for i := range b.devices {
		if b.parts[i].as == key {
			return b.devices[i]
		}
	}
	return nil
}

// add makes one part.
func (b *Board) add(number int) error {
	p := &b.parts[number]
	parent := b.env.Unattached
	switch {
	case p.in == "machine":
		parent = b.opts.Machine
	case p.in != "":
		parent = &b.device(p.in).Object
	}
	if p.slot != "" {
		if b.opts.Fill == nil {
			return nil
		}
		return b.opts.Fill(p.slot, parent, p.name)
	}
	if p.typ == "" { // only regions and lines, of the parent
		b.addLines(parent, p)
		return b.addRegions(parent, nil, p)
	}
	class := b.env.Tree.Types.Class(p.typ)
	if class == nil {
		if p.optional() {
			return nil
		}
		return fmt.Errorf("unknown type '%s'", p.typ)
	}
	o := b.env.Tree.NewClass(class)
	defer o.Unref()
	name := p.name
	if name == "" {
		name = "device[*]"
	}
	if err := parent.AddChild(name, o); err != nil {
		return err
	}
	d := qdev.From(o)
	for _, v := range p.values {
		if o.Property(v.name) == nil {
			continue
		}
		if s, ok := v.v.(setting); ok {
			o.Store(v.name, b.asked(s))
			continue
		}
		o.Store(v.name, v.v)
	}
	for _, l := range p.links {
		if target := b.device(l.v.(string)); target != nil && o.Property(l.name) != nil {
			if err := o.Set(l.name, qom.Value(target.Path())); err != nil {
				return err
			}
		}
	}
	b.addLines(o, p)
	b.addBuses(d, p)
	f := pci.FromDevice(d)
	if m, ok := o.Self().(onBoard); ok {
		m.attach(b, p)
	}
	if f != nil {
		f.SetDevfn(p.devfn)
		f.SetMultifunction(p.multi)
	} else if err := b.addRegions(o, nil, p); err != nil {
		return err
	}
	if err := d.Realize(b.buses[p.bus]); err != nil {
		return err
	}
	b.devices[number] = d
	if f == nil {
		return nil
	}
	for _, c := range p.caps {
		if err := c.add(f); err != nil {
			return err
		}
	}
	for _, c := range p.config {
		for i := range len(c.bytes) {
			f.SetConfig(c.at+i, c.bytes[i])
		}
	}
	return b.addRegions(o, f, p)
}

func (c capability) add(f *pci.Device) error {
	if c.id == pci.CapMSI {
		return f.InitMSI(pci.MSI{Offset: c.at, Vectors: 1, Wide: true})
	}
	at, err := f.AddCapability(c.id, c.at, 2+len(c.content))
	for i := 0; err == nil && i < len(c.content); i++ {
		f.SetConfig(at+2+i, c.content[i])
	}
	return err
}

// onBoard is implemented by devices with code of their own, which learn of
// their board before they are realized.
type onBoard interface{ attach(*Board, *part) }

// optional parts are missing in QEMU versions before they were invented.
func (p *part) optional() bool { return p.as == "" && p.name == "" }

func (b *Board) addLines(o *qom.Object, p *part) {
	for _, g := range p.gpios {
		irqs := make([]qom.Object, g.n)
		for i := range irqs {
			irq := &irqs[i]
			b.env.Tree.InitForeign(o, irq, "irq")
			if err := o.AddChild(g.names[i], irq); err != nil {
				b.env.Log.Warn("interrupt line left out", "name", g.names[i], "error", err)
			}
			irq.Unref()
		}
	}
}

func (b *Board) addBuses(d *qdev.Device, p *part) {
	for _, s := range p.buses {
		switch s.as {
		case "pci":
			b.Root = pci.InitRootBus(&b.rootBus, s.typ, d, s.name, pci.Spaces{Mem: &b.pciMem, IO: b.opts.IO, DMA: b.opts.System})
			b.Root.OnLine = b.pciLine
			b.buses["pci"] = &b.rootBus.Bus
			b.ports.Init(b.Root, &d.Object, b.env.Memory, b.opts.IO)
			if s.typ == "PCIE" {
				b.mmcfg.Init(b.Root, &d.Object, b.env.Memory, mmcfgSize)
			}
			continue
		}
		for range max(s.n, 1) {
			q := qdev.InitBus(new(qdev.Bus), s.typ, d, nil, s.name)
			q.MaxDevices = s.max
			if s.as != "" {
				b.buses[s.as] = q
			}
			if s.as == "isa" {
				b.ISA = q
			}
		}
	}
}

// addRegions makes the regions of a part: children of o, and with f registered
// as its BARs where they say so.
func (b *Board) addRegions(o *qom.Object, f *pci.Device, p *part) error {
	regions := make([]memory.Region, len(p.regions)) // in one piece; they know each other
	made := 0
	find := func(name string) *memory.Region {
		switch name {
		case "system":
			return b.opts.System
		case "io":
			return b.opts.IO
		case "pci":
			return &b.pciMem
		case "ram":
			return b.opts.RAM
		}
		for i := range made {
			if p.regions[i].name == name {
				return &regions[i]
			}
		}
		return nil
	}
	owner := o
	if o == b.env.Unattached || o == b.opts.Machine {
		owner = nil
	}
	for i := range p.regions {
		s := &p.regions[i]
		r := &regions[i]
		s.init(r, b, owner, o, find(s.target))
		made++
		if s.name == "smram" {
			b.SMRAM = r
		}
		if s.name == pamFirst && b.areas == nil {
			b.areas = regions[i : i+4*areas]
		}
		if s.off {
			r.SetEnabled(false)
		}
		if c := find(s.in); c != nil && s.in != "" {
			c.AddSubregionOverlap(s.at, r, s.priority)
		}
		if s.bar && f != nil {
			if err := f.RegisterBAR(s.number, s.barKind, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *region) init(r *memory.Region, b *Board, owner, parent *qom.Object, target *memory.Region) {
	sys := b.env.Memory
	switch s.kind {
	case container:
		r.Init(sys, owner, s.name, s.size)
	case rom:
		r.InitROM(sys, owner, s.name, s.size)
	case alias, aliasReadOnly:
		r.InitAlias(sys, owner, s.name, target, s.offset, s.size)
		r.SetReadOnly(s.kind == aliasReadOnly)
	default:
		var ops memory.Ops = nothing{}
		var rules *memory.Rules
		if s.ops != nil {
			ops, rules = s.ops(b), &acpi.ByteRules
		}
		if own, ok := parent.Self().(registers); ok {
			if o, its := own.registers(s.name); o != nil {
				ops, rules = o, its
			}
		}
		if parent == b.opts.Machine {
			owner = parent
		}
		r.InitIO(sys, owner, ops, s.name, s.size)
		if rules != nil {
			r.SetRules(rules)
		}
		if s.ports {
			r.InPortList()
		}
	}
}

// nothing reads 0 and ignores writes: registers that no client looks at.
type nothing struct{}

func (nothing) Read(uint64, int) uint64   { return 0 }
func (nothing) Write(uint64, int, uint64) {}

// Close takes the board apart, newest part first, and whatever still stands in
// the processors' address spaces: nothing of the board holds anything any more
// once the grace period is over. Devices of users must be gone.
func (b *Board) Close() {
	for i := len(b.devices) - 1; i >= 0; i-- {
		if b.devices[i] != nil {
			b.devices[i].Unparent()
		}
	}
	b.devices = nil
	b.env.Memory.Begin()
	defer b.env.Memory.Commit()
	for _, c := range []*memory.Region{&b.pciMem, b.opts.IO, b.opts.System} {
		for _, r := range c.Subregions() {
			if r.Owner() != nil {
				c.DelSubregion(r)
			}
		}
	}
}
