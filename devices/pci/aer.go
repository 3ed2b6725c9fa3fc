package pci

// Registers of the Advanced Error Reporting capability, PCI Express base
// specification section 7.8.4.
const (
	aerUncStatus   = 0x04
	aerUncMask     = 0x08
	aerUncSeverity = 0x0c
	aerCorStatus   = 0x10
	aerCorMask     = 0x14
	aerControl     = 0x18
	aerHeaderLog   = 0x1c // four times 32 bits
	aerRootCommand = 0x2c
	aerRootStatus  = 0x30
	aerSource      = 0x34 // of correctable errors; of others in the upper half
	aerPrefixLog   = 0x38 // four times 32 bits
	aerSize        = 0x48

	aerFirst        = 0x1f  // control: first error
	aerECRC         = 0x0a0 // control: can make and check end-to-end sums
	aerECRCOn       = 0x140
	aerManyHeaders  = 0x200 // control: can record more than one
	aerManyEnable   = 0x400
	aerHasPrefix    = 0x800 // control: the log of prefixes has one
	aerUncErrors    = 0x03fff030
	aerUncMasked    = 0x02400000 // at power-on
	aerUncFatal     = 0x00462030 // at power-on
	aerCorErrors    = 0x0000f1c1
	aerCorMasked    = 0x0000e000 // at power-on
	aerRootEnable   = 0x07
	aerRootCor      = 0x01
	aerRootManyCor  = 0x02
	aerRootUnc      = 0x04
	aerRootManyUnc  = 0x08
	aerRootFirst    = 0x10 // the first uncorrectable error was fatal
	aerRootNonFatal = 0x20
	aerRootFatal    = 0x40
	aerRootReceived = 0x7f
)

// severity is how bad an error message is; the values are those of the enables
// in device control and in the root error command, and of the bits of device
// status.
type severity uint16

const (
	correctable severity = 1
	nonFatal    severity = 2
	fatal       severity = 4
)

// AddAER adds the capability, in its second version, at an offset of the extended
// configuration space.
func (d *Device) AddAER(offset int) {
	d.AddRestingAER(offset, 2)
	d.aerFollows = true
}

// AddRestingAER is AddAER in a version for functions that QEMU does not have look
// at what the guest writes: the first error stays the first.
func (d *Device) AddRestingAER(offset int, version uint8) {
	d.AddExtendedCapability(0x0001, version, offset, make([]byte, aerSize-4))
	d.aer = uint16(offset)
	set := func(reg int, value, write, clear uint32) {
		d.SetExtendedLong(offset+reg, value)
		d.SetExtendedMasks(offset+reg, write, clear)
	}
	set(aerUncStatus, 0, 0, aerUncErrors)
	set(aerUncMask, aerUncMasked, aerUncErrors, 0)
	set(aerUncSeverity, aerUncFatal, aerUncErrors, 0)
	set(aerCorStatus, 0, 0, aerCorErrors)
	set(aerCorMask, aerCorMasked, aerCorErrors, 0)
	control, writes := uint32(aerECRC), uint32(aerECRCOn)
	if d.port() {
		control, writes = control|aerManyHeaders, writes|aerManyEnable
	}
	set(aerControl, control, writes, 0)
	if typ, _ := d.ExpressType(); typ == ExpressRootPort {
		set(aerRootCommand, 0, aerRootEnable, 0)
		set(aerRootStatus, 0, 0, aerRootReceived)
		d.SetWritable(int(d.exp)+expRootCtl, 2, 0x7)
	}
}

// resetAERRoot has a root port tell of no errors until the guest wants that again.
func (d *Device) resetAERRoot() {
	if typ, _ := d.ExpressType(); d.aer != 0 && typ == ExpressRootPort {
		d.setAER(aerRootCommand, 0)
	}
}

// port reports whether the function is a port, to which messages come.
func (d *Device) port() bool {
	typ, ok := d.ExpressType()
	return ok && (typ == ExpressRootPort || typ == ExpressUpstream || typ == ExpressDownstream)
}

func (d *Device) aerReg(reg int) uint32     { return d.ExtendedLong(int(d.aer) + reg) }
func (d *Device) setAER(reg int, v uint32)  { d.SetExtendedLong(int(d.aer)+reg, v) }
func (d *Device) orAER(reg int, set uint32) { d.setAER(reg, d.aerReg(reg)|set) }
func (d *Device) deviceControl() uint16     { return d.ConfigWord(int(d.exp) + expDevCtl) }

// forwards reports whether the function passes messages of a kind on.
func (d *Device) forwards(kind severity) bool { return d.deviceControl()&uint16(kind) != 0 }

// signals reports whether the function says in its status that it had an error.
func (d *Device) signals(kind severity) bool {
	return d.forwards(kind) || kind != correctable && d.ConfigWord(regCommand)&commandSERR != 0
}

// writeAER lets the next error be the first once the guest has cleared that, keeps
// errors that wait in the status, and lets go of the pin when there is nothing to
// tell any more.
func (d *Device) writeAER(addr, size int) {
	if d.aer == 0 {
		return
	}
	if overlaps(addr, size, int(d.aer)+aerRootCommand, 8) && !d.MSIXEnabled() && !d.MSIEnabled() {
		d.updatePin()
	}
	if !d.aerFollows || !overlaps(addr, size, int(d.aer)+aerUncStatus, aerSize-aerUncStatus) {
		return
	}
	control := d.aerReg(aerControl)
	switch {
	case control&aerManyEnable == 0:
		d.aerQueue = nil
		if !d.firstPending() {
			d.forgetFirst()
		}
	case !d.firstPending():
		d.nextError()
	default:
		d.showQueued()
	}
}

// sendError passes a message from function to function up to the root port, as
// far as each lets it through. From a root complex' own functions it goes
// nowhere.
func (d *Device) sendError(kind severity, source uint32) {
	for at := d; at != nil && at.exp != 0; {
		if at.port() {
			if kind != correctable {
				at.changeWord(regSecStatus, 0, statusSystemError)
			}
			if at.ConfigWord(regBridgeControl)&bridgeSERR == 0 {
				return
			}
		}
		if at.signals(kind) {
			at.changeWord(regStatus, 0, statusSystemError)
		}
		if !at.forwards(kind) {
			return
		}
		if typ, _ := at.ExpressType(); typ == ExpressRootPort {
			at.receiveError(kind, source)
			return
		}
		up := at.bus.parent
		if up == nil {
			return
		}
		at = &up.Device
	}
}

// receiveError is a message's arrival at a root port. It interrupts the guest
// when the error is one of an enabled kind and none of such was pending.
func (d *Device) receiveError(kind severity, source uint32) {
	if d.aer == 0 {
		return
	}
	was := d.aerReg(aerRootStatus)
	now, command := was, d.aerReg(aerRootCommand)
	if kind == correctable {
		if was&aerRootCor != 0 {
			now |= aerRootManyCor
		} else {
			d.setAER(aerSource, d.aerReg(aerSource)&^0xffff|source)
		}
		now |= aerRootCor
	} else {
		switch {
		case was&aerRootUnc != 0:
			now |= aerRootManyUnc
		default:
			d.setAER(aerSource, d.aerReg(aerSource)&0xffff|source<<16)
			if kind == fatal {
				now |= aerRootFirst
			}
		}
		now |= aerRootUnc
		if kind == fatal {
			now |= aerRootFatal
		} else {
			now |= aerRootNonFatal
		}
	}
	d.setAER(aerRootStatus, now)
	if command&uint32(kind) == 0 || command&pendingErrors(was) != 0 {
		return
	}
	switch {
	case d.MSIXEnabled():
		d.NotifyMSIX(0)
	case d.MSIEnabled():
		d.NotifyMSI(0)
	default:
		d.updatePin()
	}
}

// errorsPending reports whether a root port's guest wants to be told of errors
// that it has not cleared.
func (d *Device) errorsPending() bool {
	typ, _ := d.ExpressType()
	return d.aer != 0 && typ == ExpressRootPort && d.aerReg(aerRootCommand)&pendingErrors(d.aerReg(aerRootStatus)) != 0
}

// updatePin sets the pin of a port that sends no messages: for errors, and for
// what happens in its slot.
func (d *Device) updatePin() {
	s, ok := d.Self().(interface{ eventsPending() bool })
	d.SetIRQ(d.errorsPending() || ok && s.eventsPending())
}

// pendingErrors turns a root error status into the enables of what is pending.
func pendingErrors(status uint32) uint32 {
	var kinds severity
	if status&aerRootCor != 0 {
		kinds |= correctable
	}
	if status&aerRootNonFatal != 0 {
		kinds |= nonFatal
	}
	if status&aerRootFatal != 0 {
		kinds |= fatal
	}
	return uint32(kinds)
}
