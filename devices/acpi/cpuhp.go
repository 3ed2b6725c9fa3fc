package acpi

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Offsets of the registers of CPU hot-plug; QEMU's docs/specs/acpi_cpu_hotplug
// describes them.
const (
	cpuSelect  = 0x0 // write: which slot the others are about
	cpuHigh    = 0x0 // read: upper half of a command's answer
	cpuFlags   = 0x4 // 8 bits
	cpuCommand = 0x5 // 8 bits, write only
	cpuData    = 0x8 // argument or answer of the command
	cpuHPSize  = 0xc
)

// Commands of CPU hot-plug.
const (
	cpuNext   = 0 // select the next slot with an event; answers its number
	cpuSource = 1 // data written is the source of an _OST report
	cpuStatus = 2 // data written is its status, which sends it
	cpuID     = 3 // answers the APIC id
	cpuLast   = cpuID
)

// CPUHotplug is the ACPI hardware by which processors come and go. It keeps no
// reference to them: the machine says when one is there.
type CPUHotplug struct {
	slots
	cpus    []cpuSlot
	command uint8
	legacy  bool
	modern  memory.Region // once the guest asked for it
}

type cpuSlot struct {
	id       uint64 // APIC id
	firmware bool   // the firmware is to eject
}

// Init makes the registers, a region of dev at base in io, for slots with the
// given APIC ids.
func (h *CPUHotplug) Init(dev *qdev.Device, gpe *GPE, io *memory.Region, base uint16, ids []uint32) {
	h.slots = slots{env: dev.Env(), gpe: gpe, event: GPECPUHotplug, slotType: "CPU", slots: make([]slot, len(ids))}
	h.cpus = make([]cpuSlot, len(ids))
	for i, id := range ids {
		h.cpus[i].id = uint64(id)
	}
	if h.legacy = h.env.Ways.LegacyCPUs; !h.legacy {
		h.initModern(&h.region, &dev.Object, io, uint64(base))
		return
	}
	h.region.InitIO(h.env.Memory, &dev.Object, memory.Funcs{OnRead: h.legacyRead, OnWrite: h.legacyWrite}, cpuRegion, legacyCPUSize)
	h.region.SetRules(&ByteRules)
	io.AddSubregion(uint64(base), &h.region)
}

// cpuRegion is the name of the registers' region.
const cpuRegion = "acpi-cpu-hotplug"

var cpuHPRules = memory.Rules{Valid: memory.Access{Min: 1, Max: 4}, Impl: memory.Access{Min: 1, Max: 4}}

// Place puts a processor in a slot. One that came while the machine ran is
// announced to the guest.
func (h *CPUHotplug) Place(i int, cpu *qdev.Device) { h.place(i, cpu) }

func (h *CPUHotplug) read(addr uint64, _ int) uint64 {
	s := h.selected()
	if s == nil {
		return 0
	}
	c := &h.cpus[h.selector]
	switch addr {
	case cpuHigh:
		if h.command == cpuID {
			return c.id >> 32
		}
	case cpuFlags:
		v := s.flags(s.dev != nil)
		if c.firmware {
			v |= slotFirmware
		}
		return v
	case cpuData:
		switch h.command {
		case cpuNext:
			return uint64(h.selector)
		case cpuID:
			return c.id & 0xffffffff
		}
	}
	return 0
}

func (h *CPUHotplug) write(addr uint64, _ int, val uint64) {
	s := h.addressed(addr, cpuSelect, val)
	if s == nil {
		return
	}
	switch addr {
	case cpuFlags:
		h.control(s, &h.cpus[h.selector], val)
	case cpuCommand:
		if val > cpuLast {
			return
		}
		h.command = uint8(val)
		if h.command == cpuNext {
			h.next()
		}
	case cpuData:
		switch h.command {
		case cpuSource:
			s.source = uint32(val)
		case cpuStatus:
			s.status = uint32(val)
			emitOST(h.env, h.report(int(h.selector)))
		}
	}
}

func (h *CPUHotplug) control(s *slot, c *cpuSlot, val uint64) {
	switch {
	case val&slotInserting != 0:
		s.inserting = false
	case val&slotRemoving != 0:
		s.removing = false
	case val&slotEject != 0:
		if s.dev != nil && h.selector != 0 { // the boot processor stays
			c.firmware = false
			eject(s.dev) // nobody is told of a failure, as in QEMU
		}
	case val&slotFirmware != 0:
		c.firmware = true
	}
}

// next selects the first slot with something to do, from the present one on
// and around.
func (h *CPUHotplug) next() {
	n := uint32(h.Len())
	for i := range n {
		at := (h.selector + i) % n
		if s := &h.slots.slots[at]; s.inserting || s.removing || h.cpus[at].firmware {
			h.selector = at
			return
		}
	}
}
