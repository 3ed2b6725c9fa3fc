package xhci

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/usb"
)

// Endpoint states, xHCI 4.8.3.
const (
	epDisabled = iota
	epRunning
	epHalted
	epStopped
	epError
)

// Endpoint types, xHCI table 6-9; 4 more is the IN direction.
const (
	epIsoch     = 1
	epBulk      = 2
	epInterrupt = 3
	epControl   = 4
)

// endpoint is one end of a pipe as the controller sees it.
type endpoint struct {
	slot    *slot
	id      int // device context index: 2*number, plus 1 for IN; 1 for control
	typ     int
	state   int
	ctx     uint64
	ring    ring
	streams map[int]*ring // by number, as they come into use; nil: no streams
	array   uint64        // of stream contexts
	count   int           // of streams
	xfer    transfer      // the one being worked on
	kicking bool
}

// enableEndpoint starts an endpoint from its input context.
func (c *Core) enableEndpoint(s *slot, id int, ctx *context) {
	c.disableEndpoint(s, id)
	pointer := uint64(ctx[2]) | uint64(ctx[3])<<32
	e := &endpoint{slot: s, id: id, typ: int(ctx[1] >> 3 & 7), state: epRunning, ctx: s.ctx + uint64(id)*contextSize}
	if n := int(ctx[0] >> 10 & 0x1f); n > 0 && c.streams {
		e.count, e.array, e.streams = 2<<min(n, 7), pointer&^0xf, map[int]*ring{}
	} else {
		e.ring = newRing(pointer)
	}
	s.eps[id] = e
	ctx[0] = ctx[0]&^7 | epRunning
}

func (c *Core) disableEndpoint(s *slot, id int) {
	e := s.eps[id]
	if e == nil {
		return
	}
	c.cancel(e, ccInvalid)
	e.state = epDisabled
	s.eps[id] = nil
}

// setState changes the state, in the guest's context too, with the place where
// the ring stands.
func (c *Core) setState(e *endpoint, state int) {
	e.state = state
	ctx, ok := c.readContext(e.ctx)
	if !ok {
		return
	}
	ctx[0] = ctx[0]&^7 | uint32(state)
	if e.streams == nil {
		p := e.ring.pointer()
		ctx[2], ctx[3] = uint32(p), uint32(p>>32)
	} else if state == epStopped || state == epHalted {
		c.storeStreams(e)
	}
	c.writeContext(e.ctx, ctx)
}

// Stream contexts, xHCI 6.2.4: 16 bytes, a pointer with the type in bits 1 to
// 3. Only primary streams exist here.
const (
	streamContextSize = 16
	streamPrimary     = 1
)

// ringOf returns the transfer ring of a stream, or of an endpoint without
// streams; nil when there is no such stream.
func (c *Core) ringOf(e *endpoint, stream int) *ring {
	if e.streams == nil {
		return &e.ring
	}
	if stream <= 0 || stream >= e.count {
		return nil
	}
	if r := e.streams[stream]; r != nil {
		return r
	}
	var b [8]byte
	if !c.read(e.array+uint64(stream)*streamContextSize, b[:]) {
		return nil
	}
	v := binary.LittleEndian.Uint64(b[:])
	if v>>1&7 != streamPrimary {
		return nil
	}
	r := newRing(v)
	e.streams[stream] = &r
	return &r
}

// storeStreams writes where the streams stand and forgets them: the guest may
// move them now.
func (c *Core) storeStreams(e *endpoint) {
	for n, r := range e.streams {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], r.pointer()|streamPrimary<<1)
		if !c.write(e.array+uint64(n)*streamContextSize, b[:]) {
			break
		}
	}
	clear(e.streams)
}

// target returns the endpoint in the device, nil when the device is gone.
func (e *endpoint) target() *usb.Endpoint {
	d := e.slot.device()
	if d == nil {
		return nil
	}
	return d.Endpoint(uint8(e.id/2), e.id&1 != 0)
}

// EndpointReady implements [usb.Waker]: a transfer that found nothing to do is
// tried again.
func (c *Core) EndpointReady(ep *usb.Endpoint) {
	s := c.slotOf(ep.Device())
	if s == nil || !c.running() {
		return
	}
	id := int(ep.Number()) * 2
	if ep.In() || id == 0 {
		id++
	}
	if e := s.eps[id]; e != nil && e.xfer.waiting {
		c.kick(s, id, e.xfer.stream)
	}
}
