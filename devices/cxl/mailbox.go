package cxl

import "encoding/binary"

// Registers of the mailbox, CXL 3.1 section 8.2.8.4.
const (
	mbCaps       = 0x00
	mbControl    = 0x04
	mbCommand    = 0x08
	mbStatus     = 0x10
	mbBackground = 0x18
	mbPayload    = 0x20

	mbDoorbell = 1 << 0
	mbBgIntCap = 1 << 6
	mbVector   = 7 // of the end of background commands
	mbCapsVal  = payloadShift | mbBgIntCap | mbVector<<7
)

// code is a mailbox command's return code, CXL 3.1 table 8-34.
type code uint16

const (
	success       code = 0x00
	started       code = 0x01 // in the background
	invalidInput  code = 0x02
	unsupported   code = 0x03
	internalError code = 0x04
	busy          code = 0x06
	disabledMedia code = 0x07
	invalidPA     code = 0x0f
	poisonLimit   code = 0x10
	aborted       code = 0x12
	badLength     code = 0x16
	invalidLog    code = 0x17
	exhausted     code = 0x1d
	badExtents    code = 0x1e
	noAbort       code = 0x20
)

// mailbox is the state of the registers. The payload exists once it is used.
type mailbox struct {
	control uint32
	command uint64
	status  uint64
	payload []byte
}

func (m *mailbox) reset() { *m = mailbox{} }

func (t *Type3) readMailbox(addr uint64, size int) uint64 {
	m := &t.mailbox
	switch {
	case addr >= mbPayload:
		if m.payload == nil {
			return 0
		}
		var buf [8]byte
		copy(buf[:size], m.payload[addr-mbPayload:])
		return binary.LittleEndian.Uint64(buf[:])
	case addr >= mbBackground:
		return cut(t.background.status(), addr, size)
	case addr >= mbStatus:
		status := m.status
		if t.background.running() {
			status |= 1
		}
		return cut(status, addr, size)
	case addr >= mbCommand:
		return cut(m.command, addr, size)
	}
	return cut(mbCapsVal|uint64(m.control)<<32, addr, size)
}

// writeMailbox takes the registers as a whole; the payload takes any access.
func (t *Type3) writeMailbox(addr uint64, size int, val uint64) {
	m := &t.mailbox
	switch {
	case addr >= mbPayload:
		if m.payload == nil {
			m.payload = make([]byte, payloadSize)
		}
		var buf [8]byte
		binary.LittleEndian.PutUint64(buf[:], val)
		copy(m.payload[addr-mbPayload:], buf[:size])
		return
	case addr == mbControl && size == 4:
		m.control = uint32(val)
	case addr == mbCommand && size == 8:
		m.command = val
	}
	if m.control&mbDoorbell != 0 {
		t.ringDoorbell()
	}
}

// ringDoorbell runs the command: set and number in the lower 16 bits, the
// length of the payload from bit 16 on.
func (t *Type3) ringDoorbell() {
	m := &t.mailbox
	op, n := uint16(m.command), int(m.command>>16&0x1fffff)
	result, out := internalError, []byte(nil)
	if n <= payloadSize {
		in := make([]byte, n)
		copy(in, m.payload)
		result, out = t.execute(op, in)
	}
	m.payload = append(out[:len(out):len(out)], make([]byte, payloadSize-len(out))...)
	m.command = uint64(op) | uint64(len(out))<<16
	m.status = uint64(result) << 32
	m.control &^= mbDoorbell
}

// execute runs a command; out is what it answers.
func (t *Type3) execute(op uint16, in []byte) (result code, out []byte) {
	c, ok := t.commands[op]
	switch {
	case !ok, !t.offers(c):
		return unsupported, nil
	case c.in >= 0 && len(in) != c.in:
		return badLength, nil
	case c.effects&effectBackground != 0 && t.background.running():
		return busy, nil
	case c.media && t.disabled:
		return disabledMedia, nil
	}
	return c.run(t, in)
}
