package chipset

import "encoding/binary"

// rcrb is the root complex register block of an ICH9, ICH9 datasheet chapter 10:
// memory, but for the registers that say to which lines the pins of the board's
// own slots go.
type rcrb struct {
	bytes []byte // nil: as after reset
	board *Board
}

const (
	rcrbName = "lpc-rcrb-mmio"
	rcrbSize = 16 * kib
	rcrbBase = 0xf0 // configuration register of the bridge: where the block is
	rcrbOn   = 1
	rcrbMask = 0xffffc000

	ownSlots    = 25     // from here on slots have a route of their own
	bridgeSlot  = 30     // but this one
	pinsInOrder = 0x3210 // the first pin goes to the first line, and so on
)

// rcrbRoutes are the offsets of the routes of slots, from 25 on.
var rcrbRoutes = map[int]int{25: 0x3150, 26: 0x314c, 27: 0x3148, 28: 0x3146, 29: 0x3144, 31: 0x3140}

// reset makes the block what it is after reset.
func (r *rcrb) reset() { r.bytes = nil }

// route returns the register of a slot.
func (r *rcrb) route(slot int) uint16 {
	if r.bytes == nil {
		return pinsInOrder
	}
	return binary.LittleEndian.Uint16(r.bytes[rcrbRoutes[slot]:])
}

// line is the line that a pin goes to.
func (r *rcrb) line(slot, pin int) int {
	switch {
	case slot < ownSlots:
		return 4 + (slot+pin)&3
	case slot == bridgeSlot:
		return 4 + pin
	}
	return int(r.route(slot)>>(4*pin)) & 7
}

// content returns the bytes, which are there from the first access on.
func (r *rcrb) content() []byte {
	if r.bytes == nil {
		r.bytes = make([]byte, rcrbSize)
		for _, at := range rcrbRoutes {
			binary.LittleEndian.PutUint16(r.bytes[at:], pinsInOrder)
		}
	}
	return r.bytes
}

// Read implements [memory.Ops].
func (r *rcrb) Read(addr uint64, size int) uint64 {
	var v [8]byte
	copy(v[:size], r.content()[addr:])
	return binary.LittleEndian.Uint64(v[:])
}

// Write implements [memory.Ops]. A pin that is asserted is asserted on its new
// line.
func (r *rcrb) Write(addr uint64, size int, val uint64) {
	var v [8]byte
	binary.LittleEndian.PutUint64(v[:], val)
	old := r.lines()
	copy(r.content()[addr:], v[:size])
	for line, on := range r.lines() {
		if on != old[line] {
			r.board.driveLine(line)
		}
	}
}

// lines are those that are asserted.
func (r *rcrb) lines() (on [8]bool) {
	for line := range on {
		on[line] = r.board.asserted(line)
	}
	return on
}
