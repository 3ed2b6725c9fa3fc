package machine

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/smbios"
	"github.com/qomd/qomd/qom"
)

// Firmware is what a description has for firmware.
type Firmware struct {
	SMBIOS     []smbios.Entry
	ACPITables []byte // the item of that name, empty for none
	Files      []chipset.FirmwareFile
	NoGraphics bool // -nographic
}

// Numbers of items of fw_cfg (QEMU's docs/specs/fw_cfg.rst).
const (
	fwUUID       = 0x02
	fwMemory     = 0x03
	fwNoGraphics = 0x04
	fwCPUs       = 0x05
	fwNUMA       = 0x0d
	fwBootMenu   = 0x0e
	fwMaxCPUs    = 0x0f
	fwACPITables = 0x8000
	fwIRQ0       = 0x8002
	fwHPET       = 0x8004
)

var le = binary.LittleEndian

// CheckFirmware reports what of the description's firmware tables cannot be built.
func (m *Machine) CheckFirmware() error {
	if m.board == nil {
		return nil
	}
	_, _, err := m.smbios()
	return err
}

// firmwareContent is what a guest finds in fw_cfg, when it has written to files.
// Missing are, of what QEMU has there, the ACPI tables with their loader, the
// order to boot in where devices have a bootindex, and code for option ROMs.
func (m *Machine) firmwareContent(written map[string][]byte) chipset.Firmware {
	boot := m.boot()
	c := chipset.Firmware{Items: map[uint16][]byte{
		fwUUID:       m.uuidBytes(),
		fwMemory:     le.AppendUint64(nil, m.opts.Memory),
		fwNoGraphics: le.AppendUint16(nil, number(m.opts.Firmware.NoGraphics)),
		fwCPUs:       le.AppendUint16(nil, uint16(len(m.processors))),
		fwNUMA:       m.numaItem(),
		fwBootMenu:   le.AppendUint16(nil, number(is(boot.Menu))),
		fwMaxCPUs:    le.AppendUint16(nil, uint16(m.apicLimit())),
		fwACPITables: m.opts.Firmware.ACPITables,
		fwIRQ0:       le.AppendUint32(nil, 1),
		fwHPET:       m.hpetItem(),
	}}
	add := func(name string, data []byte) {
		c.Files = append(c.Files, chipset.FirmwareFile{Name: name, Data: data})
	}
	add("bios-geometry", nil)
	if !m.bootsInOrder() {
		add("bootorder", nil)
	}
	wait := int64(-1)
	if boot.RebootTimeout != nil {
		wait = *boot.RebootTimeout
	}
	add("etc/boot-fail-wait", le.AppendUint32(nil, uint32(wait)))
	if boot.SplashTime != nil {
		add("etc/boot-menu-wait", le.AppendUint16(nil, uint16(*boot.SplashTime)))
	}
	add("etc/e820", m.memoryMap())
	if n := len(m.PCIRoots()) - 1; n > 0 {
		add("etc/extra-pci-roots", le.AppendUint64(nil, uint64(n)))
	}
	if end := m.reservedEnd(); end > 0 {
		add("etc/reserved-memory-end", le.AppendUint64(nil, (end+1<<30-1)&^(1<<30-1)))
	}
	if structures, anchor, err := m.smbios(); err == nil {
		add("etc/smbios/smbios-anchor", anchor)
		add("etc/smbios/smbios-tables", structures)
	}
	if power := m.board.PowerDevice; power != nil {
		add("etc/system-states", sleepStates(power))
	}
	add("etc/tpm/log", nil)
	c.Files = append(c.Files, m.smiFiles(written)...)
	c.Files = append(c.Files, m.opts.Firmware.Files...)
	return c
}

func is(on *bool) bool { return on != nil && *on }

func number(on bool) uint16 {
	if on {
		return 1
	}
	return 0
}

func (m *Machine) uuidBytes() []byte {
	var u [16]byte
	fmt.Sscanf(m.opts.UUID, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		&u[0], &u[1], &u[2], &u[3], &u[4], &u[5], &u[6], &u[7], &u[8], &u[9], &u[10], &u[11], &u[12], &u[13], &u[14], &u[15])
	return u[:]
}

// bootsInOrder reports whether devices say when they are to be booted from. How
// firmware calls them is not known here, so that there is no list of them then.
func (m *Machine) bootsInOrder() bool {
	for _, c := range []*qom.Object{m.env.Peripheral, m.env.PeripheralAnon, m.env.Unattached} {
		for _, o := range c.Children() {
			if v, err := o.Get("bootindex"); err == nil && fmt.Sprint(v) != "-1" {
				return true
			}
		}
	}
	return false
}

// apicLimit is the number behind the largest of a local APIC.
func (m *Machine) apicLimit() (n uint32) {
	for _, id := range m.apicIDs() {
		n = max(n, id+1)
	}
	return n
}

// numaItem is how many nodes there are, which every processor is in, and how much
// memory each has.
func (m *Machine) numaItem() []byte {
	nodes := m.NUMANodes()
	if len(nodes) == 0 {
		return nil
	}
	list := make([]uint64, 1+int(m.apicLimit())+len(nodes))
	list[0] = uint64(len(nodes))
	for i := range m.slots {
		s := &m.slots[i]
		if node, ok := m.Node(s); ok {
			list[1+s.APICID] = uint64(node)
		}
	}
	for i, n := range nodes {
		list[1+int(m.apicLimit())+i] = n.Memory
	}
	var out bytes.Buffer
	binary.Write(&out, le, list)
	return out.Bytes()
}

// hpetItem describes the HPET: its block, address, shortest period and the flags of
// its pages.
func (m *Machine) hpetItem() []byte {
	if v, err := m.object.Get("hpet"); err == nil && v == false {
		return []byte{0xff} // there is none
	}
	p := append([]byte{1}, le.AppendUint32(nil, 0x8086a201)...)
	p = le.AppendUint64(p, 0xfed00000)
	p = append(le.AppendUint16(p, 0), 0)
	return append(p, make([]byte, 7*15)...) // room for others
}

// Kinds of memory in the map.
const (
	usableMemory   = 1
	reservedMemory = 2
)

// amdHole is what processors of AMD keep for themselves below 1 TiB.
var amdHole = smbios.Area{Start: 0xfd_0000_0000, Size: 0x3_0000_0000}

// memoryAreas are where the machine's own memory is.
func (m *Machine) memoryAreas() []smbios.Area {
	list := []smbios.Area{{Start: 0, Size: m.lowRAM}}
	if above := m.opts.Memory - m.lowRAM; above > 0 {
		list = append(list, smbios.Area{Start: 4 << 30, Size: above})
	}
	return list
}

func (m *Machine) memoryMap() (out []byte) {
	put := func(a smbios.Area, kind uint32) {
		out = le.AppendUint32(le.AppendUint64(le.AppendUint64(out, a.Start), a.Size), kind)
	}
	if v, _ := m.firstCPU("vendor"); v == "AuthenticAMD" {
		put(amdHole, reservedMemory)
	}
	for _, a := range m.memoryAreas() {
		put(a, usableMemory)
	}
	return out
}

// firstCPU is a property of the first processor.
func (m *Machine) firstCPU(name string) (any, error) {
	for _, s := range m.processors {
		if s.CPU != nil {
			return s.CPU.Get(name)
		}
	}
	return nil, fmt.Errorf("no processor")
}

// sleepStates tells which sleep states there are, and their values.
func sleepStates(d *qdev.Device) []byte {
	states := []byte{0x80, 0, 0, 1, 2, 0x80}
	if v, err := d.Get("s4_val"); err == nil {
		if n, ok := v.(uint64); ok {
			states[4] = byte(n)
		}
	}
	for i, name := range []string{"disable_s3", "disable_s4"} {
		if fmt.Sprint(d.Stored(name)) != "1" {
			states[3+i] |= 0x80
		}
	}
	return states
}

// smiFiles are how firmware agrees with an ICH9 on what software interrupts do.
func (m *Machine) smiFiles(written map[string][]byte) []chipset.FirmwareFile {
	if !m.IsQ35() {
		return nil
	}
	var supported uint64
	for i, name := range []string{"x-smi-broadcast", "x-smi-cpu-hotplug", "x-smi-cpu-hotunplug"} {
		if v, _ := m.board.PowerDevice.Get(name); v == true {
			supported |= 1 << i
		}
	}
	const requested = "etc/smi/requested-features"
	asked := written[requested]
	if asked == nil {
		asked = make([]byte, 8)
	}
	agreed := []byte{1}
	if le.Uint64(asked)&^supported != 0 {
		agreed[0] = 0
	}
	return []chipset.FirmwareFile{
		{Name: "etc/smi/features-ok", Data: agreed}, {Name: requested, Data: asked, Writable: true},
		{Name: "etc/smi/supported-features", Data: le.AppendUint64(nil, supported)},
	}
}

// smbios builds the tables that tell of the machine.
func (m *Machine) smbios() (structures, anchor []byte, err error) {
	entry, _ := m.object.Get("smbios-entry-point-type")
	t := m.topology
	d := smbios.Machine{
		Manufacturer: "QEMU", Product: "Standard PC (i440FX + PIIX, 1996)", Version: m.facts.Name,
		Sockets: int(t.Sockets), Cores: int(t.Dies * t.Modules * t.Cores), Threads: int(t.Threads),
		CPUID:  m.cpuid(),
		Memory: m.opts.Memory, Module: m.largestModule(), Areas: m.memoryAreas(), Wide: entry == "64",
		Place: m.placeOf,
	}
	if m.IsQ35() {
		d.Product = "Standard PC (Q35 + ICH9, 2009)"
	}
	copy(d.UUID[:], m.uuidBytes())
	return smbios.Build(d, m.opts.Firmware.SMBIOS)
}

// largestModule is how much memory SMBIOS shows as one module: in machines before
// 9.1 it is less.
func (m *Machine) largestModule() uint64 {
	if m.before(9, 1) {
		return 16 << 30
	}
	return 2 << 40
}

// placeOf is where the PCI device with an id is.
func (m *Machine) placeOf(id string) (bus, devfn byte, ok bool) {
	o := m.env.Peripheral.Child(id)
	if o == nil {
		return 0, 0, false
	}
	d := pci.FromDevice(qdev.From(o))
	if d == nil {
		return 0, 0, false
	}
	return d.PCIBus().Number(), d.Devfn(), true
}
