package xhci

import "encoding/binary"

// trbSize is the size of a transfer request block in bytes, xHCI 6.4.
const trbSize = 16

// trb is a transfer request block, and where it was.
type trb struct {
	param   uint64
	status  uint32
	control uint32
	addr    uint64
	cycle   bool // of the ring when it was fetched
}

// Types of blocks, xHCI table 6-91.
const (
	trbNormal = 1 + iota
	trbSetup
	trbData
	trbStatus
	trbIsoch
	trbLink
	trbEventData
	trbNoop
	cmdEnableSlot
	cmdDisableSlot
	cmdAddressDevice
	cmdConfigureEndpoint
	cmdEvaluateContext
	cmdResetEndpoint
	cmdStopEndpoint
	cmdSetDequeue
	cmdResetDevice
	cmdForceEvent
	cmdNegotiateBandwidth
	cmdSetLatency
	cmdPortBandwidth
	cmdForceHeader
	cmdNoop
)

// Types of event blocks.
const (
	evTransfer       = 32
	evCommand        = 33
	evPortChange     = 34
	evHostController = 37
)

// Bits of the control word.
const (
	ctlCycle       = 1 << 0
	ctlToggle      = 1 << 1 // link
	ctlShortPacket = 1 << 2 // interrupt on short packet
	ctlChain       = 1 << 4
	ctlIOC         = 1 << 5 // interrupt on completion
	ctlImmediate   = 1 << 6
	ctlBSR         = 1 << 9 // address device: no SET_ADDRESS
	ctlDeconfigure = 1 << 9
	ctlDataIn      = 1 << 16
	ctlEventData   = 1 << 2 // of a transfer event
)

func (t *trb) kind() int        { return int(t.control >> 10 & 0x3f) }
func (t *trb) slot() int        { return int(t.control >> 24) }
func (t *trb) endpoint() int    { return int(t.control >> 16 & 0x1f) }
func (t *trb) stream() int      { return int(t.status >> 16) }
func (t *trb) length() int      { return int(t.status & 0x1ffff) }
func (t *trb) interrupter() int { return int(t.status >> 22) }
func (t *trb) has(bit uint32) bool {
	return t.control&bit != 0
}

func (t *trb) decode(b []byte) {
	le := binary.LittleEndian
	t.param, t.status, t.control = le.Uint64(b), le.Uint32(b[8:]), le.Uint32(b[12:])
}

func (t *trb) encode(b []byte) {
	le := binary.LittleEndian
	le.PutUint64(b, t.param)
	le.PutUint32(b[8:], t.status)
	le.PutUint32(b[12:], t.control)
}

// code is a completion code, xHCI table 6-90.
type code uint8

const (
	ccInvalid         code = 0
	ccSuccess         code = 1
	ccDataBuffer      code = 2
	ccBabble          code = 3
	ccTransaction     code = 4
	ccTRB             code = 5
	ccStall           code = 6
	ccNoSlots         code = 9
	ccSlotDisabled    code = 11
	ccEndpointOff     code = 12
	ccShortPacket     code = 13
	ccContextState    code = 19
	ccEventRingFull   code = 21
	ccCommandStopped  code = 24
	ccStopped         code = 26
	ccInvalidStreamID code = 34
)
