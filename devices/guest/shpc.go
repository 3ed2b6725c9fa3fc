package guest

// Registers of a standard hot-plug controller, PCI Standard Hot-Plug Controller
// and Subsystem Specification 1.0, section 4; offsets are from its BAR.
const (
	capStandardHotplug = 0x0c

	shpcSlots   = 0x0c // number of slots
	shpcFirst   = 0x0d // device number of the first
	shpcCommand = 0x14 // command, and in the next byte its slot
	shpcSerrInt = 0x20
	shpcSlotReg = 0x24 // a register for each slot

	shpcLatches = 2 // bytes of a slot's register: events, write ones to clear,
	shpcMasks   = 3 // and which of them do not interrupt

	shpcButton      = 1 << 2 // events
	shpcEvents      = 0x1f
	shpcUnmasked    = 0x60 // everything interrupts, nothing is a system error
	shpcStateMask   = 3    // of a slot's register
	shpcEmpty       = 3 << 10
	shpcSlotOn      = 2 // states, in registers and commands
	shpcSlotOff     = 3
	shpcPowerOn     = 1 << 2 // power indicator, in commands
	shpcPowerBlink  = 2 << 2
	shpcPowerOff    = 3 << 2
	shpcNoInterrupt = 1 << 0 // of shpcSerrInt
)

// controller is the standard hot-plug controller of a bridge.
type controller struct {
	l         *Linux
	at        uint64 // address of its registers
	secondary uint8  // number of the bus with the slots
	slots     uint8
	first     uint8
}

// shpcSlot is a slot of a controller, by its device number.
type shpcSlot struct {
	*controller
	dev uint8
}

func (s *shpcSlot) place() Place {
	return Place{BridgeSlot, uint32(s.secondary), uint32(s.dev)}
}

func (s *shpcSlot) reg() uint64 { return s.at + shpcSlotReg + 4*uint64(s.dev-s.first) }

func (s *shpcSlot) status() uint64 { return s.l.hw.Read(s.reg(), 2) }

func (s *shpcSlot) occupied() bool { return s.status()&shpcEmpty != shpcEmpty }

// command changes state and indicator; zero leaves either as it is.
func (s *shpcSlot) command(code uint64) {
	s.l.hw.Write(s.at+shpcCommand, 2, uint64(s.dev-s.first+1)<<8|code)
}

func (s *shpcSlot) begin()   { s.command(shpcPowerBlink) }
func (s *shpcSlot) decline() { s.command(shpcPowerOn) }

func (s *shpcSlot) eject() {
	s.l.retire(s.secondary, s.dev)
	s.command(shpcSlotOff | shpcPowerOff)
}

func (s *shpcSlot) power() {
	s.command(shpcSlotOn | shpcPowerOn)
	s.l.enable(s.secondary, s.dev)
}

func (s *shpcSlot) device() (bus, dev uint8, ok bool) { return s.secondary, s.dev, true }

// findController remembers the hot-plug controller of a bridge that has one and
// decodes it.
func (l *Linux) findController(bus, devfn, secondary uint8) {
	if l.capability(bus, devfn, capStandardHotplug) == 0 {
		return
	}
	bar := l.readConfig(bus, devfn, cfgBAR, 4)
	if bar&1 != 0 || bar&^15 == 0 {
		return
	}
	c := &controller{l: l, at: uint64(bar &^ 15), secondary: secondary}
	if bar&6 == 4 {
		c.at |= uint64(l.readConfig(bus, devfn, cfgBAR+4, 4)) << 32
	}
	c.slots, c.first = uint8(l.hw.Read(c.at+shpcSlots, 1))&0x1f, uint8(l.hw.Read(c.at+shpcFirst, 1))&0x1f
	l.controllers = append(l.controllers, c)
	for _, s := range c.all() {
		l.hw.Write(s.reg()+shpcMasks, 1, shpcUnmasked)
	}
	l.hw.Write(c.at+shpcSerrInt, 1, l.hw.Read(c.at+shpcSerrInt, 1)&^shpcNoInterrupt)
}

// all lists the slots.
func (c *controller) all() []*shpcSlot {
	list := make([]*shpcSlot, 0, c.slots)
	for n := range c.slots {
		if dev := c.first + n; dev < 32 {
			list = append(list, &shpcSlot{c, dev})
		}
	}
	return list
}

// shpcHotplug serves the controllers: a device that is new gets power, a button
// that is pressed asks for the one that is there.
func (l *Linux) shpcHotplug() {
	for _, c := range l.controllers {
		for _, s := range c.all() {
			events := l.hw.Read(s.reg()+shpcLatches, 1) & shpcEvents
			if events == 0 {
				continue
			}
			switch {
			case !s.occupied():
				s.acknowledge(events)
				l.retire(s.secondary, s.dev)
				if e := l.errand(s.place()); e != nil {
					l.forget(e)
				}
			case s.status()&shpcStateMask != shpcSlotOn:
				s.acknowledge(events)
				l.came(s, events&shpcButton != 0)
			case events&shpcButton == 0 || l.asked(s):
				s.acknowledge(events)
			}
		}
	}
}

// acknowledge clears the events that were seen.
func (s *shpcSlot) acknowledge(events uint64) { s.l.hw.Write(s.reg()+shpcLatches, 1, events) }
