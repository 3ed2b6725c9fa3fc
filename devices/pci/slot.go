package pci

import (
	"errors"
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/qdev"
)

// Bits of the slot registers of the Express capability.
const (
	slotCapButton   = 0x00001
	slotCapPower    = 0x00002
	slotCapAttnLED  = 0x00008
	slotCapPowerLED = 0x00010
	slotCapSurprise = 0x00020
	slotCapHotplug  = 0x00040
	slotCapLock     = 0x20000

	slotCtlAttnLED   = 0x00c0
	slotCtlPowerLED  = 0x0300
	slotCtlLEDOn     = 0x0100
	slotCtlLEDBlink  = 0x0200
	slotCtlLEDOff    = 0x0300
	slotCtlAttnOff   = 0x00c0
	slotCtlPowerOff  = 0x0400
	slotCtlLock      = 0x0800
	slotCtlInterrupt = 0x0020
	slotCtlEvents    = 0x0019 // enables of button, presence, command completed

	slotStaButton   = 0x0001
	slotStaPresence = 0x0008 // presence changed
	slotStaDone     = 0x0010 // command completed
	slotStaPresent  = 0x0040
	slotStaLocked   = 0x0080
	slotStaEvents   = slotStaButton | slotStaPresence | slotStaDone
	slotStaAll      = slotStaEvents | 0x0006 // with power fault and latch, which never happen here
)

// ebusy is the number of the error that Linux calls so; QEMU prints it.
const ebusy = 16

// unplugPatience is how long a repeated device_del is refused after the
// attention button was pressed.
const unplugPatience = 5 * time.Second

// Slot is a PCI Express port with a hot-plug slot behind it; it corresponds to
// PCIESlot in QEMU. It is the hot-plug handler of its secondary bus, unless
// ACPI took that over.
type Slot struct {
	Port
	number       uint16
	hotplug      bool
	powerControl bool
}

// SetDefaults gives a new slot the defaults of its properties.
func (s *Slot) SetDefaults() { s.hotplug, s.powerControl = true, true }

func (s *Slot) slot() *Slot { return s }

func (s *Slot) slotReg(reg int) int { return int(s.exp) + reg }

func (s *Slot) control() uint16 { return s.ConfigWord(s.slotReg(expSltCtl)) }

func (s *Slot) slotStatus() uint16 { return s.ConfigWord(s.slotReg(expSltSta)) }

func (s *Slot) changeStatus(clear, set uint16) { s.changeWord(s.slotReg(expSltSta), clear, set) }

// poweredOff reports whether slot control says that the device may be taken
// out: indicator and power both off.
func poweredOff(control uint16) bool {
	return control&slotCtlPowerOff != 0 && control&slotCtlPowerLED == slotCtlLEDOff
}

// initSlot adds the slot registers to the Express capability and makes the port
// its bus' hot-plug handler.
func (s *Slot) initSlot() {
	caps := uint32(s.number)<<19 | slotCapLock | slotCapPowerLED | slotCapAttnLED | slotCapButton
	writes := uint32(slotCtlPowerLED | slotCtlAttnLED | slotCtlInterrupt | slotCtlEvents | slotCtlLock)
	if s.hotplug {
		caps |= slotCapSurprise | slotCapHotplug
	}
	if s.powerControl {
		caps |= slotCapPower
		writes |= slotCtlPowerOff
	}
	s.SetConfigLong(s.slotReg(expSltCap), caps)
	s.SetConfigWord(s.slotReg(expSltCtl), slotCtlLEDOff|slotCtlAttnOff)
	s.SetWritable(s.slotReg(expSltCtl), 2, writes)
	s.SetClearable(s.slotReg(expSltSta), 2, slotStaEvents)
	if s.hotplug || s.Env().Ways.PortsHandle {
		s.sec.SetHandler(s)
	}
}

// resetSlot is the state after power-on: a populated slot has power, an empty
// one has not.
func (s *Slot) resetSlot() {
	set := uint16(slotCtlLEDOff | slotCtlAttnOff)
	clear := uint16(slotCtlLock | slotCtlPowerLED | slotCtlAttnLED | slotCtlInterrupt | slotCtlEvents)
	populated := s.sec.At(0) != nil
	if s.Env().Ways.PowerLED {
		set = slotCtlAttnOff
		switch {
		case s.powerControl && populated:
			set |= slotCtlLEDOn
		case s.powerControl:
			set |= slotCtlLEDOff
		}
	}
	if s.powerControl {
		clear |= slotCtlPowerOff
		if !populated {
			set |= slotCtlPowerOff
		}
		// The pattern for "on" is or-ed onto "off" here, as in QEMU; a guest
		// reads "off" and a power controller that is on.
	}
	s.changeWord(s.slotReg(expSltCtl), clear, set)
	s.changeStatus(slotStaLocked|slotStaEvents, 0)
	s.updatePower()
}

// updatePower gives the devices behind the port power, or takes it.
func (s *Slot) updatePower() {
	if !s.powerControl {
		return
	}
	on := s.control()&slotCtlPowerOff == 0
	for _, d := range s.sec.Functions() {
		d.setPower(on)
	}
}

// setPower switches a function on or off: without power it answers nothing and
// masters nothing.
func (d *Device) setPower(on bool) {
	if d.powered == on {
		return
	}
	d.powered = on
	d.updateBARs()
	d.applyCommand()
	if !on {
		d.Reset()
	}
}

// event latches slot events and tells the guest, unless all were latched.
func (s *Slot) event(bits uint16) {
	if s.slotStatus()&bits == bits {
		return
	}
	s.changeStatus(0, bits)
	s.notify()
}

// notify interrupts the guest when an enabled event is latched.
func (s *Slot) notify() {
	pending := s.eventsPending()
	switch {
	case s.MSIXEnabled():
		if pending && !s.notified {
			s.NotifyMSIX(0)
		}
	case s.MSIEnabled():
		if pending && !s.notified {
			s.NotifyMSI(0)
		}
	default:
		s.updatePin()
	}
	s.notified = pending
	if s.slotStatus()&slotStaEvents != 0 {
		s.interruptGuest()
	}
}

// eventsPending reports whether an enabled event is latched and the guest wants
// to be interrupted.
func (s *Slot) eventsPending() bool {
	control := s.control()
	return control&slotCtlInterrupt != 0 && control&s.slotStatus()&slotStaEvents != 0
}

// writeSlot follows a configuration write; oldControl and oldStatus are the
// registers before it, val what was written to where.
func (s *Slot) writeSlot(oldControl, oldStatus uint16, addr, size int, val uint32) {
	at := s.slotReg(expSltSta)
	if overlaps(addr, size, at, 2) {
		// Guests that clear every bit while they start would lose events that
		// happen meanwhile: a write that clears what was not set is undone.
		written := uint16(val >> (8 * max(at-addr, 0)))
		if addr > at {
			written = uint16(val << (8 * (addr - at)))
		}
		if written&^oldStatus&slotStaAll != 0 {
			s.changeStatus(slotStaAll, oldStatus&slotStaAll)
		}
		s.clearNotified()
	}
	if !overlaps(addr, size, s.slotReg(expSltCtl), 2) {
		return
	}
	control := s.control()
	if control&slotCtlLock != 0 {
		s.changeWord(s.slotReg(expSltCtl), slotCtlLock, 0)
		control &^= slotCtlLock
		s.SetConfigWord(at, s.slotStatus()^slotStaLocked)
	}
	// Detach on the transition only: guests rewrite the control of a slot that
	// is off before they power it on.
	if s.slotStatus()&slotStaPresent != 0 && poweredOff(control) && !poweredOff(oldControl) {
		s.detach()
	}
	s.updatePower()
	s.event(slotStaDone)
	s.notify()
}

func (s *Slot) clearNotified() {
	if !s.eventsPending() {
		s.notified = false
		if !s.MSIXEnabled() && !s.MSIEnabled() {
			s.updatePin()
		}
	}
}

// detach takes everything out of the slot.
func (s *Slot) detach() {
	for _, d := range s.sec.Functions() {
		if h := d.HotplugHandler(); h != nil {
			qdev.Remove(h, &d.Device)
		}
	}
	s.changeWord(s.slotReg(expLnkSta), lnkActive, 0)
	s.changeStatus(slotStaPresent, slotStaPresence)
}

// PrePlug implements [qdev.PrePlugger].
func (s *Slot) PrePlug(d *qdev.Device) error {
	if d.Hotplugged() && s.ConfigLong(s.slotReg(expSltCap))&slotCapHotplug == 0 {
		return fmt.Errorf("Hot-plug failed: unsupported by the port device '%s'", s.ID())
	}
	return s.checkLock()
}

func (s *Slot) checkLock() error {
	if s.slotStatus()&slotStaLocked != 0 {
		// As QEMU, whose text ends with the system's words for EBUSY.
		return errors.New("slot is electromechanically locked: Device or resource busy")
	}
	return nil
}

// Plug implements [qdev.Plugger]: function 0 makes the device present, and a
// hot-plugged one presses the attention button.
func (s *Slot) Plug(q *qdev.Device) error {
	d := FromDevice(q)
	if !q.Hotplugged() {
		s.changeStatus(0, slotStaPresent)
		s.changeWord(s.slotReg(expLnkSta), 0, lnkActive)
		s.updatePower()
		return nil
	}
	if s.sec.function0(d.devfn) != nil {
		s.changeStatus(0, slotStaPresent)
		s.changeWord(s.slotReg(expLnkSta), 0, lnkActive)
		s.event(slotStaPresence | slotStaButton)
		s.updatePower()
	}
	return nil
}

// UnplugRequest implements [qdev.UnplugRequester]: it presses the attention
// button, or removes the device at once where no guest uses it.
func (s *Slot) UnplugRequest(q *qdev.Device) error {
	if s.ConfigLong(s.slotReg(expSltCap))&slotCapHotplug == 0 {
		return fmt.Errorf("Hot-unplug failed: unsupported by the port device '%s'", s.ID())
	}
	if err := s.checkLock(); err != nil {
		return err
	}
	if s.control()&slotCtlPowerLED == slotCtlLEDBlink {
		return errors.New("Hot-unplug failed: guest is busy (power indicator blinking)")
	}
	q.SetUnplugPending(unplugPatience)
	if FromDevice(q).devfn != 0 && s.sec.At(0) == nil {
		// A multifunction device whose function 0 never came: the guest does
		// not know of it.
		return qdev.Remove(s, q)
	}
	if poweredOff(s.control()) {
		s.detach()
		s.notify()
		s.changeStatus(slotStaButton, 0)
		return nil
	}
	s.event(slotStaButton)
	return nil
}

// Unplug implements [qdev.Unplugger].
func (s *Slot) Unplug(d *qdev.Device) error {
	d.Unrealize()
	return nil
}

// takeChassisSlot reserves the slot number in its chassis.
func (s *Slot) takeChassisSlot() error {
	root, key := s.bus.top(), chassisSlot{s.chassis, s.number}
	if root.chassis[key] != nil {
		return fmt.Errorf("Can't add chassis slot, error -%d", ebusy)
	}
	if root.chassis == nil {
		root.chassis = map[chassisSlot]*Slot{}
	}
	root.chassis[key] = s
	return nil
}

func (s *Slot) giveChassisSlot() {
	root, key := s.bus.top(), chassisSlot{s.chassis, s.number}
	if root.chassis[key] == s {
		delete(root.chassis, key)
	}
}
