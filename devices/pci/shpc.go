package pci

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Layout of the registers of a standard hot-plug controller, as the SHPC
// specification numbers them.
const (
	shpcSlotCount   = 31
	shpcRegSlots33  = 0x04
	shpcRegNumSlots = 0x0c
	shpcRegFirst    = 0x0d
	shpcRegPhysical = 0x0e
	shpcRegProgIf   = 0x13
	shpcRegCommand  = 0x14
	shpcRegTarget   = 0x15
	shpcRegStatus   = 0x16
	shpcRegLocator  = 0x18
	shpcRegSerrInt  = 0x20
	shpcRegSlot     = 0x24
	shpcSize        = shpcRegSlot + 4*shpcSlotCount
	shpcBARSize     = 256

	shpcGlobalIntDisable = 0x01
	shpcInvalidCommand   = 0x04

	shpcSelect = 2 // in the capability: which register its data shows
	shpcData   = 4

	shpcEventPresence = 0x01
	shpcEventButton   = 0x04
	shpcEventMRL      = 0x08
	shpcEvents        = 0x1f

	shpcPowerOnly = 1
	shpcEnabled   = 2
	shpcDisabled  = 3
	shpcLEDOn     = 1
	shpcLEDBlink  = 2
	shpcLEDOff    = 3
)

// Fields of a slot's status word: offset of the lowest bit and width.
type shpcField struct{ shift, bits uint }

var (
	shpcState   = shpcField{0, 2}
	shpcPower   = shpcField{2, 2}
	shpcAttn    = shpcField{4, 2}
	shpcMRL     = shpcField{8, 1}  // retention latch open
	shpcPresent = shpcField{10, 2} // 3: empty
)

const shpcEmpty = 3

// shpc is the standard hot-plug controller of a bridge, the hot-plug handler of
// its secondary bus. It has no memory of requests beyond the button latches:
// asking twice presses twice, and a reset forgets.
type shpc struct {
	bridge *Bridge
	at     int // of the capability
	regs   [shpcSize]byte
	mmio   memory.Region
}

func (s *shpc) active() bool { return s.bridge != nil }

// QOM implements [qdev.HotplugHandler]: the handler is the bridge.
func (s *shpc) QOM() *qom.Object { return &s.bridge.Object }

func (s *shpc) init(b *Bridge, bar *memory.Region, capability int) error {
	at, err := b.AddCapability(CapHotplug, capability, 8)
	if err != nil {
		return err
	}
	s.bridge, s.at = b, at
	b.SetWritable(at+shpcSelect, 1, 0xff)
	b.SetWritable(at+shpcData, 4, 0xffffffff)
	sys := b.Env().Memory
	bar.Init(sys, &b.Object, "shpc-bar", shpcBARSize)
	s.mmio.InitIO(sys, &b.Object, memory.Funcs{OnRead: s.read, OnWrite: s.write}, "shpc-mmio", shpcSize)
	bar.AddSubregion(0, &s.mmio)
	s.regs[shpcRegSlots33] = shpcSlotCount
	s.regs[shpcRegNumSlots], s.regs[shpcRegFirst] = shpcSlotCount, 1
	binary.LittleEndian.PutUint16(s.regs[shpcRegPhysical:], 0x8001) // ascending
	s.regs[shpcRegProgIf] = 1
	b.sec.SetHandler(s)
	return nil
}

func (s *shpc) word(slot int) []byte { return s.regs[shpcRegSlot+4*(slot-1):] }

func (s *shpc) get(slot int, f shpcField) uint16 {
	return binary.LittleEndian.Uint16(s.word(slot)) >> f.shift & (1<<f.bits - 1)
}

func (s *shpc) set(slot int, f shpcField, v uint16) {
	w := s.word(slot)
	mask := uint16(1<<f.bits-1) << f.shift
	binary.LittleEndian.PutUint16(w, binary.LittleEndian.Uint16(w)&^mask|v<<f.shift)
}

// latch records slot events.
func (s *shpc) latch(slot int, events byte) {
	s.word(slot)[2] |= events
	s.update()
}

// update computes which slots interrupt, and interrupts.
func (s *shpc) update() {
	var locator uint32
	for slot := 1; slot <= shpcSlotCount; slot++ {
		if w := s.word(slot); w[2]&^w[3]&shpcEvents != 0 {
			locator |= 1 << slot
		}
	}
	if binary.LittleEndian.Uint16(s.regs[shpcRegStatus:])&1 != 0 {
		locator |= 1
	}
	binary.LittleEndian.PutUint32(s.regs[shpcRegLocator:], locator)
	pending := locator != 0 && s.regs[shpcRegSerrInt]&shpcGlobalIntDisable == 0
	if s.bridge.MSIEnabled() {
		if pending {
			s.bridge.NotifyMSI(0)
		}
	} else {
		s.bridge.SetIRQ(pending)
	}
	if locator != 0 {
		s.bridge.interruptGuest()
	}
}

func (s *shpc) reset() {
	if !s.active() {
		return
	}
	binary.LittleEndian.PutUint32(s.regs[shpcRegSerrInt:], 0x0f)
	for slot := 1; slot <= shpcSlotCount; slot++ {
		s.word(slot)[2], s.word(slot)[3] = 0, 0x7f
		populated := s.bridge.sec.At(uint8(slot<<3)) != nil
		s.set(slot, shpcAttn, shpcLEDOff)
		if populated {
			s.fill(slot)
			s.set(slot, shpcState, shpcEnabled)
			s.set(slot, shpcPower, shpcLEDOn)
		} else {
			s.empty(slot)
			s.set(slot, shpcState, shpcDisabled)
			s.set(slot, shpcPower, shpcLEDOff)
		}
	}
	s.update()
}

func (s *shpc) fill(slot int)  { s.set(slot, shpcMRL, 0); s.set(slot, shpcPresent, 0) }
func (s *shpc) empty(slot int) { s.set(slot, shpcMRL, 1); s.set(slot, shpcPresent, shpcEmpty) }

func (s *shpc) off(slot int) bool {
	return s.get(slot, shpcState) == shpcDisabled && s.get(slot, shpcPower) == shpcLEDOff
}

// take removes what is in a slot.
func (s *shpc) take(slot int) {
	for fn := uint8(0); fn < 8; fn++ {
		if d := s.bridge.sec.At(uint8(slot<<3) | fn); d != nil {
			qdev.Remove(s, &d.Device)
		}
	}
	s.empty(slot)
	s.latch(slot, shpcEventMRL|shpcEventPresence)
}

func (s *shpc) slotFor(d *qdev.Device) (int, error) {
	slot := FromDevice(d).Slot()
	if slot == 0 {
		return 0, fmt.Errorf("Unsupported PCI slot %d for standard hotplug controller. Valid slots are between %d and %d.", slot, 1, shpcSlotCount)
	}
	return slot, nil
}

// Plug implements [qdev.Plugger].
func (s *shpc) Plug(d *qdev.Device) error {
	slot, err := s.slotFor(d)
	if err != nil {
		return err
	}
	if !d.Hotplugged() {
		s.fill(slot)
		return nil
	}
	if s.get(slot, shpcMRL) == 0 {
		// A removal is under way: the button takes it back.
		s.latch(slot, shpcEventButton)
		return nil
	}
	s.fill(slot)
	s.latch(slot, shpcEventButton|shpcEventMRL|shpcEventPresence)
	return nil
}

// UnplugRequest implements [qdev.UnplugRequester].
func (s *shpc) UnplugRequest(d *qdev.Device) error {
	slot, err := s.slotFor(d)
	switch {
	case err != nil:
		return err
	case s.get(slot, shpcPower) == shpcLEDBlink:
		return errors.New("Hot-unplug failed: guest is busy (power indicator blinking)")
	case s.off(slot):
		s.take(slot)
	default:
		s.latch(slot, shpcEventButton)
	}
	return nil
}

// Unplug implements [qdev.Unplugger].
func (s *shpc) Unplug(d *qdev.Device) error {
	d.Unrealize()
	return nil
}

func (s *shpc) read(addr uint64, size int) uint64 { return readBytes(s.regs[:], addr, size) }

// write changes the few registers that can be written; writing the command
// register runs the command.
func (s *shpc) write(addr uint64, size int, val uint64) {
	for i := range size {
		at, v := int(addr)+i, byte(val>>(8*i))
		switch {
		case at == shpcRegCommand || at == shpcRegTarget || at == shpcRegSerrInt:
			s.regs[at] = v
		case at >= shpcRegSlot && at&3 == 2:
			s.regs[at] &^= v & shpcEvents
		case at >= shpcRegSlot && at&3 == 3:
			s.regs[at] = v & 0x7f
		}
	}
	if overlaps(int(addr), size, shpcRegCommand, 2) {
		s.command(s.regs[shpcRegCommand], int(s.regs[shpcRegTarget]&0x1f))
	}
	s.update()
}

// command runs a controller command: code 0 to 0x3f sets one slot, 0x48 and
// 0x49 power or enable all.
func (s *shpc) command(code byte, target int) {
	binary.LittleEndian.PutUint16(s.regs[shpcRegStatus:], 0)
	switch {
	case code < 0x40 && target >= 1 && target <= shpcSlotCount:
		s.setSlot(target, uint16(code&3), uint16(code>>2&3), uint16(code>>4&3))
	case code == 0x48 || code == 0x49:
		state := uint16(shpcPowerOnly)
		if code == 0x49 {
			state = shpcEnabled
		}
		for slot := 1; slot <= shpcSlotCount; slot++ {
			if s.get(slot, shpcMRL) == 0 {
				s.setSlot(slot, state, shpcLEDOn, 0)
			}
		}
	case code >= 0x40 && code < 0x48: // bus speed: there is only one
	default:
		binary.LittleEndian.PutUint16(s.regs[shpcRegStatus:], shpcInvalidCommand)
	}
}

func (s *shpc) setSlot(slot int, state, power, attn uint16) {
	wasOff := s.off(slot)
	if attn != 0 {
		s.set(slot, shpcAttn, attn)
	}
	if power != 0 {
		s.set(slot, shpcPower, power)
	}
	if state != 0 {
		s.set(slot, shpcState, state)
	}
	if !wasOff && s.off(slot) {
		s.take(slot)
	}
}

// refresh shows the selected register in the capability, for guests that did
// not map the BAR.
func (s *shpc) refresh() {
	at := int(s.bridge.Config(s.at+shpcSelect)) * 4
	if at+4 <= shpcSize {
		s.bridge.SetConfigLong(s.at+shpcData, uint32(s.read(uint64(at), 4)))
	}
}

// configWritten follows a configuration write to the capability.
func (s *shpc) configWritten(addr, size int) {
	if !s.active() || !overlaps(addr, size, s.at, 8) {
		return
	}
	if overlaps(addr, size, s.at+shpcData, 4) {
		if at := int(s.bridge.Config(s.at+shpcSelect)) * 4; at+4 <= shpcSize {
			s.write(uint64(at), 4, uint64(s.bridge.ConfigLong(s.at+shpcData)))
		}
	}
	s.refresh()
}
