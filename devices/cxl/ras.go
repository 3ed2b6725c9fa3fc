package cxl

import "slices"

// Registers of the RAS capability, CXL 3.1 section 8.2.4.17.
const (
	rasUncStatus   = regRAS + 0x00
	rasUncMask     = regRAS + 0x04
	rasUncSeverity = regRAS + 0x08
	rasCorStatus   = regRAS + 0x0c
	rasCorMask     = regRAS + 0x10
	rasControl     = regRAS + 0x14
	rasHeader      = regRAS + 0x18

	rasUncErrors = 0x1cfff
	rasCorErrors = 0x7f
	rasMany      = 1 << 9 // control: records several headers
	rasFirst     = 0x3f   // control: which error is the first
	rasNone      = 0x3f   // in place of the first: a status bit that is never used

	// HeaderWords is how many words of an error's header are kept.
	HeaderWords = 32
)

// UncorrectableErrors are the uncorrectable errors by their names in QMP: bits
// of the status register.
var UncorrectableErrors = map[string]uint8{
	"cache-data-parity": 0, "cache-address-parity": 1, "cache-be-parity": 2, "cache-data-ecc": 3,
	"mem-data-parity": 4, "mem-address-parity": 5, "mem-be-parity": 6, "mem-data-ecc": 7,
	"reinit-threshold": 8, "rsvd-encoding": 9, "poison-received": 10, "receiver-overflow": 11,
	"internal": 14, "cxl-ide-tx": 15, "cxl-ide-rx": 16,
}

// CorrectableErrors are the correctable errors likewise.
var CorrectableErrors = map[string]uint8{
	"cache-data-ecc": 0, "mem-data-ecc": 1, "crc-threshold": 2, "retry-threshold": 3,
	"cache-poison-received": 4, "mem-poison-received": 5, "physical": 6,
}

// linkError is an uncorrectable error that the guest has not cleared.
type linkError struct {
	Bit    uint8
	Header [HeaderWords]uint32
}

func (c *component) resetRAS() {
	c.set(rasUncMask, rasUncErrors)
	c.set(rasUncSeverity, rasUncErrors)
	c.set(rasCorMask, rasCorErrors)
	c.set(rasControl, rasMany)
}

func rasWritable(at int) uint32 {
	switch at {
	case rasUncStatus, rasUncMask, rasUncSeverity:
		return rasUncErrors
	case rasCorStatus, rasCorMask:
		return rasCorErrors
	}
	return 0
}

// addUncorrectable records an error with up to [HeaderWords] words of header,
// false when the guest masked it.
func (c *component) addUncorrectable(bit uint8, header []uint32) bool {
	if c.reg(rasUncMask)&(1<<bit) != 0 {
		return false
	}
	e := linkError{Bit: bit}
	copy(e.Header[:], header)
	c.errors = append(c.errors, e)
	return true
}

// showFirst puts the first error into the registers.
func (c *component) showFirst() {
	first := uint32(rasNone)
	if len(c.errors) > 0 {
		first = uint32(c.errors[0].Bit)
		copy(c.regs[rasHeader/4:], c.errors[0].Header[:])
	}
	c.set(rasControl, c.reg(rasControl)&^rasFirst|first)
}

// showStatus brings the status up to date.
func (c *component) showStatus() {
	status := uint32(0)
	for _, e := range c.errors {
		status |= 1 << e.Bit
	}
	c.set(rasUncStatus, status)
}

// clearUncorrectable is the guest's write to the status: of the first error
// alone, which makes room for the next header, or of several, which drops all of
// these kinds.
func (c *component) clearUncorrectable(bits uint32) {
	if len(c.errors) > 0 {
		if bits == 1<<(c.reg(rasControl)&rasFirst) {
			c.errors = slices.Clone(c.errors[1:])
		} else {
			c.errors = slices.DeleteFunc(c.errors, func(e linkError) bool { return bits&(1<<e.Bit) != 0 })
		}
		c.showFirst()
	}
	c.showStatus()
}

// addCorrectable records an error, false when the guest masked it.
func (c *component) addCorrectable(bit uint8) bool {
	if c.reg(rasCorMask)&(1<<bit) != 0 {
		return false
	}
	c.set(rasCorStatus, c.reg(rasCorStatus)|1<<bit)
	return true
}
