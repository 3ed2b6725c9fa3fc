package guest

// Registers of ACPI hot-plug of processors and memory modules; QEMU's
// docs/specs/acpi_cpu_hotplug and acpi_mem_hotplug describe them. Flags and
// control are one register, with the same bits in both.
const (
	slotEnabled   = 1 << 0
	slotInserting = 1 << 1 // written: has been seen
	slotRemoving  = 1 << 2 // written: has been seen
	slotEject     = 1 << 3 // written

	gpeCPUHotplug    = 1 << 2 // their bits among the general-purpose events
	gpeMemoryHotplug = 1 << 3
)

// What _OST reports: the event that was worked on and how that went, ACPI
// specification 6.3.5.
const (
	ostDeviceCheck = 1
	ostEject       = 3
	ostSuccess     = 0
	ostBusy        = 0x82
)

// slotBlock is a block of such registers.
type slotBlock struct {
	kind  PlaceKind
	event uint32 // bit of the general-purpose events
	base  uint16
	flags uint16 // offset of flags and control
	slots int
}

// slotBlocks lists those the machine has.
func (l *Linux) slotBlocks() []slotBlock {
	t := l.hw.Tables()
	var list []slotBlock
	if t.CPUs > 0 {
		list = append(list, slotBlock{Processor, gpeCPUHotplug, t.CPUHotplug, 0x04, t.CPUs})
	}
	if t.MemorySlots > 0 {
		list = append(list, slotBlock{DIMMSlot, gpeMemoryHotplug, t.MemoryHotplug, 0x14, t.MemorySlots})
	}
	return list
}

// slotEvents are the general-purpose events to enable for them.
func slotEvents(t Tables) uint32 {
	var bits uint32
	if t.CPUs > 0 {
		bits |= gpeCPUHotplug
	}
	if t.MemorySlots > 0 {
		bits |= gpeMemoryHotplug
	}
	return bits
}

// registerSlot is a slot of a block.
type registerSlot struct {
	l      *Linux
	block  slotBlock
	number uint32
}

func (s *registerSlot) place() Place { return Place{Kind: s.block.kind, Slot: s.number} }

// read selects the slot and returns its flags.
func (s *registerSlot) read() uint32 {
	s.l.hw.Out(s.block.base, 4, s.number)
	return s.l.hw.In(s.block.base+s.block.flags, 1)
}

// control selects the slot and writes to its control register.
func (s *registerSlot) control(bit uint32) {
	s.l.hw.Out(s.block.base, 4, s.number)
	s.l.hw.Out(s.block.base+s.block.flags, 1, bit)
}

// report runs the slot's method _OST. For processors its arguments go through
// a command register, for memory they have registers of their own.
func (s *registerSlot) report(event, status uint32) {
	base, out := s.block.base, s.l.hw.Out
	out(base, 4, s.number)
	if s.block.kind == DIMMSlot {
		out(base+0x04, 4, event)
		out(base+0x08, 4, status)
		return
	}
	out(base+0x05, 1, 1)
	out(base+0x08, 4, event)
	out(base+0x05, 1, 2)
	out(base+0x08, 4, status)
}

func (s *registerSlot) occupied() bool { return s.read()&slotEnabled != 0 }
func (s *registerSlot) begin()         {}
func (s *registerSlot) decline()       { s.report(ostEject, ostBusy) }
func (s *registerSlot) power()         { s.report(ostDeviceCheck, ostSuccess) }

func (s *registerSlot) device() (bus, dev uint8, ok bool) { return 0, 0, false }

func (s *registerSlot) eject() {
	s.control(slotEject)
	s.report(ostEject, ostSuccess)
}

// slotHotplug runs what the methods of these events do: look at every slot,
// and clear what the operating system has been told. Without an event it does
// so only if it has to look again.
func (l *Linux) slotHotplug(again bool) {
	t := l.hw.Tables()
	if t.GPEStatus == 0 {
		return
	}
	for _, b := range l.slotBlocks() {
		raised := l.hw.In(t.GPEStatus, 1)&b.event != 0
		if !raised && !again {
			continue
		}
		if raised {
			l.hw.Out(t.GPEStatus, 1, b.event)
		}
		for n := range b.slots {
			s := &registerSlot{l, b, uint32(n)}
			flags := s.read()
			if flags&slotInserting != 0 {
				s.control(slotInserting)
				l.came(s, false)
			}
			if flags&slotRemoving != 0 && l.heeds(s) {
				s.control(slotRemoving)
				l.asked(s)
			}
		}
	}
}

// heeds reports whether the guest takes note of requests about a slot.
func (l *Linux) heeds(s socket) bool {
	a := l.temper(s.place()).answer()
	return a != Ignore && a != Hang
}
