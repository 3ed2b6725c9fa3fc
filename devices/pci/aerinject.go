package pci

import (
	"errors"
	"math/bits"
)

// AERError is an error that a PCI Express function reports.
type AERError struct {
	Status      uint32 // its bit in the status register of its kind
	Correctable bool
	// Advisory: if it is not fatal it is told as a correctable one.
	Advisory bool
	Header   []uint32 // of the packet, four words; nil: not known
	Prefix   []uint32 // before that header, four words; nil: none
}

// Bits of the status registers that have a meaning of their own here.
const (
	aerUnsupported      = 1 << 20 // uncorrectable: nobody knows the request
	aerAdvisoryNonFatal = 1 << 13 // correctable
	aerOverflow         = 1 << 15 // correctable: a header was lost

	devUnsupported = 1 << 3  // device control and status: likewise
	takesPrefixes  = 1 << 21 // device capabilities 2
)

// Errors that are internal to a function.
var (
	InternalError    = AERError{Status: 1 << 22}
	CorrectableError = AERError{Status: 1 << 14, Correctable: true}
)

// maxQueued is how many errors wait until the first has been cleared.
const maxQueued = 8

// ErrNoError is why an error cannot be reported.
var ErrNoError = errors.New("Invalid argument")

// Report logs an error and sends a message of it towards the root, as far as the
// guest has it enabled: QEMU's pcie_aer_inject_error. The function is a PCI
// Express one; without the capability it logs nothing. The error is [ErrNoError]
// unless exactly one bit of the status register is set.
func (d *Device) Report(e AERError) error {
	bit := e.Status & aerUncErrors
	if e.Correctable {
		bit = e.Status & aerCorErrors
	}
	if bits.OnesCount32(bit) != 1 {
		return ErrNoError
	}
	unsupported := !e.Correctable && e.Status == aerUnsupported
	kind := d.severityOf(bit, e)
	lost, sent := false, true
	switch {
	case kind != correctable:
		lost, sent = d.logUncorrectable(bit, e)
	case e.Correctable:
		sent = d.logCorrectable(bit)
	default:
		if sent = d.logCorrectable(aerAdvisoryNonFatal); sent {
			lost, _ = d.logUncorrectable(bit, e)
		}
	}
	d.detected(kind, unsupported)
	if sent && d.enabled(kind, unsupported) {
		d.sendError(kind, uint32(d.bus.Number())<<8|uint32(d.devfn))
	}
	if lost {
		return d.Report(AERError{Status: aerOverflow, Correctable: true})
	}
	return nil
}

// severityOf is how bad an error is: whether it is fatal is for the guest to say,
// in the severity register.
func (d *Device) severityOf(bit uint32, e AERError) severity {
	deadly := uint32(aerUncFatal)
	if d.aer != 0 {
		deadly = d.aerReg(aerUncSeverity)
	}
	switch {
	case e.Correctable:
		return correctable
	case bit&deadly != 0:
		return fatal
	case e.Advisory:
		return correctable
	}
	return nonFatal
}

// detected tells in the device status of an error. As in QEMU that of an
// uncorrectable one is a write of 32 bits, which takes from what the link can do,
// and a function without the capability forgets what it told before.
func (d *Device) detected(kind severity, unsupported bool) {
	status := uint16(kind)
	if unsupported {
		status |= devUnsupported
	}
	at := int(d.exp) + expDevSta
	if d.aer != 0 {
		status |= d.ConfigWord(at)
	}
	if kind == correctable {
		d.SetConfigWord(at, status)
	} else {
		d.SetConfigLong(at, uint32(status))
	}
}

// enabled reports whether the guest wants messages of a kind from the function
// itself.
func (d *Device) enabled(kind severity, unsupported bool) bool {
	control := d.deviceControl()
	if d.aer == 0 { // as QEMU has it
		control = 0
	}
	system := kind != correctable && d.ConfigWord(regCommand)&commandSERR != 0
	if unsupported && control&devUnsupported == 0 && !system {
		return false
	}
	return control&uint16(kind) != 0 || system
}

// logCorrectable reports whether the error is not masked.
func (d *Device) logCorrectable(bit uint32) bool {
	if d.aer == 0 {
		return true
	}
	d.orAER(aerCorStatus, bit)
	return d.aerReg(aerCorMask)&bit == 0
}

// logUncorrectable reports whether there was no room for its header, and whether
// the error is not masked.
func (d *Device) logUncorrectable(bit uint32, e AERError) (lost, sent bool) {
	if d.aer == 0 {
		return false, true
	}
	sent = d.aerReg(aerUncMask)&bit == 0
	if sent {
		lost = !d.record(e)
	}
	d.orAER(aerUncStatus, bit)
	return lost, sent
}

// record shows an error's header, or has it wait behind the first one where the
// guest wants several; false when there is no room.
func (d *Device) record(e AERError) bool {
	if d.aerReg(aerControl)&aerManyEnable == 0 || !d.firstPending() {
		d.showError(e)
		return true
	}
	if len(d.aerQueue) == maxQueued {
		return false
	}
	d.aerQueue = append(d.aerQueue, e)
	return true
}

// firstPending reports whether the error whose header is shown has not been
// cleared.
func (d *Device) firstPending() bool {
	return d.aerReg(aerUncStatus)&(1<<(d.aerReg(aerControl)&aerFirst)) != 0
}

// showError makes an error the first one.
func (d *Device) showError(e AERError) {
	control := d.aerReg(aerControl)&^(aerFirst|aerHasPrefix) | uint32(bits.TrailingZeros32(e.Status))
	d.logWords(aerHeaderLog, e.Header)
	prefix := e.Prefix
	if prefix != nil && d.takesPrefixes() {
		control |= aerHasPrefix
	} else {
		prefix = nil
	}
	d.logWords(aerPrefixLog, prefix)
	d.setAER(aerControl, control)
}

// takesPrefixes reports whether the function says that it takes prefixes. Where the
// capability is a short one at the end, QEMU looks at what follows.
func (d *Device) takesPrefixes() bool {
	at := int(d.exp) + expDevCap2
	if at >= configSize {
		return d.ExtendedLong(at)&takesPrefixes != 0
	}
	return d.ConfigLong(at)&takesPrefixes != 0
}

// logWords fills a log of four words, the most significant byte first.
func (d *Device) logWords(reg int, words []uint32) {
	for i := range 4 {
		v := uint32(0)
		if i < len(words) {
			v = bits.ReverseBytes32(words[i])
		}
		d.setAER(reg+4*i, v)
	}
}

// forgetFirst leaves no error the first one.
func (d *Device) forgetFirst() {
	d.setAER(aerControl, d.aerReg(aerControl)&^(aerFirst|aerHasPrefix))
	d.logWords(aerHeaderLog, nil)
	d.logWords(aerPrefixLog, nil)
}

// nextError shows the one that waits longest.
func (d *Device) nextError() {
	if len(d.aerQueue) == 0 {
		d.forgetFirst()
		return
	}
	d.showQueued()
	d.showError(d.aerQueue[0])
	d.aerQueue = d.aerQueue[1:]
}

// showQueued keeps the errors that wait in the status.
func (d *Device) showQueued() {
	for _, e := range d.aerQueue {
		d.orAER(aerUncStatus, e.Status)
	}
}
