package acpi

import (
	"strconv"

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
	env      *qdev.Env
	gpe      *GPE
	region   memory.Region
	slots    []cpuSlot
	selector uint32
	command  uint8
}

type cpuSlot struct {
	request
	id             uint64 // APIC id
	cpu            *qdev.Device
	firmware       bool
	source, status uint32
}

// Init makes the registers, a region of dev at base in io, for slots with the
// given APIC ids.
func (h *CPUHotplug) Init(dev *qdev.Device, gpe *GPE, io *memory.Region, base uint16, ids []uint32) {
	h.env, h.gpe, h.slots = dev.Env(), gpe, make([]cpuSlot, len(ids))
	for i, id := range ids {
		h.slots[i].id = uint64(id)
	}
	h.region.InitIO(h.env.Memory, &dev.Object, memory.Funcs{OnRead: h.read, OnWrite: h.write}, "acpi-cpu-hotplug", cpuHPSize)
	h.region.SetRules(&cpuHPRules)
	io.AddSubregion(uint64(base), &h.region)
}

var cpuHPRules = memory.Rules{Valid: memory.Access{Min: 1, Max: 4}, Impl: memory.Access{Min: 1, Max: 4}}

// Base returns the port of the registers.
func (h *CPUHotplug) Base() uint16 { return uint16(h.region.Address()) }

// Len returns the number of slots.
func (h *CPUHotplug) Len() int { return len(h.slots) }

// Place puts a processor in a slot. One that came while the machine ran is
// announced to the guest.
func (h *CPUHotplug) Place(i int, cpu *qdev.Device) {
	s := &h.slots[i]
	s.cpu = cpu
	if cpu.Hotplugged() {
		s.inserting = true
		h.gpe.Send(GPECPUHotplug)
	}
}

// Request asks the guest to let the processor in a slot go.
func (h *CPUHotplug) Request(i int) {
	h.slots[i].removing = true
	h.gpe.Send(GPECPUHotplug)
}

// Vacate says that a slot is empty. What the guest was told stays until it
// clears it.
func (h *CPUHotplug) Vacate(i int) { h.slots[i].cpu = nil }

// Status lists what the guest reported, slot by slot.
func (h *CPUHotplug) Status() []OST {
	list := make([]OST, len(h.slots))
	for i := range h.slots {
		list[i] = h.report(i)
	}
	return list
}

func (h *CPUHotplug) report(i int) OST {
	s := &h.slots[i]
	o := OST{Slot: strconv.Itoa(i), SlotType: "CPU", Source: s.source, Status: s.status}
	if s.cpu != nil {
		o.Device = s.cpu.ID()
	}
	return o
}

func (h *CPUHotplug) selected() *cpuSlot {
	if h.selector < uint32(len(h.slots)) {
		return &h.slots[h.selector]
	}
	return nil
}

func (h *CPUHotplug) read(addr uint64, _ int) uint64 {
	s := h.selected()
	if s == nil {
		return 0
	}
	switch addr {
	case cpuHigh:
		if h.command == cpuID {
			return s.id >> 32
		}
	case cpuFlags:
		v := s.flags(s.cpu != nil)
		if s.firmware {
			v |= slotFirmware
		}
		return v
	case cpuData:
		switch h.command {
		case cpuNext:
			return uint64(h.selector)
		case cpuID:
			return s.id & 0xffffffff
		}
	}
	return 0
}

func (h *CPUHotplug) write(addr uint64, _ int, val uint64) {
	if addr == cpuSelect {
		h.selector = uint32(val)
		return
	}
	s := h.selected()
	if s == nil {
		return
	}
	switch addr {
	case cpuFlags:
		h.control(s, val)
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

func (h *CPUHotplug) control(s *cpuSlot, val uint64) {
	switch {
	case val&slotInserting != 0:
		s.inserting = false
	case val&slotRemoving != 0:
		s.removing = false
	case val&slotEject != 0:
		if s.cpu != nil && s != &h.slots[0] { // the boot processor stays
			s.firmware = false
			eject(s.cpu)
		}
	case val&slotFirmware != 0:
		s.firmware = true
	}
}

// next selects the first slot with something to do, from the present one on
// and around.
func (h *CPUHotplug) next() {
	n := uint32(len(h.slots))
	for i := range n {
		at := (h.selector + i) % n
		if s := &h.slots[at]; s.inserting || s.removing || s.firmware {
			h.selector = at
			return
		}
	}
}
