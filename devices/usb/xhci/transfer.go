package xhci

import (
	"encoding/binary"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/usb"
)

// Limits of one ringing of a doorbell.
const (
	maxTransfers = 256
	maxMoved     = 64 << 20 // bytes
	maxBytes     = 16 << 20 // in one transfer
)

// transfer is a transfer descriptor being worked on. An endpoint has one at a
// time; its memory is used again.
type transfer struct {
	active  bool
	waiting bool // the device had nothing to do: not in flight, and to be tried again
	stream  int
	ring    *ring
	start   ring // where it began, to go back to after an error
	td      []trb
	packet  usb.Packet
}

// kick works on the transfers of an endpoint, as long as the device has an
// answer at once.
func (c *Core) kick(s *slot, id, stream int) {
	e := s.eps[id]
	if e == nil || e.kicking || e.state == epDisabled || e.state == epHalted || e.state == epError || c.failed() {
		return
	}
	e.kicking, c.fetches = true, 0
	defer func() { e.kicking = false }()
	if e.xfer.waiting {
		if !c.submit(e) {
			return
		}
		// It may be another stream that has news.
	}
	if e.state != epRunning {
		c.setState(e, epRunning)
	}
	r := c.ringOf(e, stream)
	if r == nil {
		c.tell(0, event{kind: evTransfer, code: ccInvalidStreamID, slot: s.num, endpoint: id})
		return
	}
	moved := 0
	for n := 0; n < maxTransfers && moved < maxMoved && !e.xfer.active && e.state == epRunning && c.running(); n++ {
		if !c.begin(e, r, stream) || e.xfer.active && !c.submit(e) {
			return
		}
		moved += e.xfer.packet.Size()
	}
}

// begin takes the next transfer off the ring and maps its data; false when
// there is none, or none that can be worked on. What is over already is not
// active afterwards.
func (c *Core) begin(e *endpoint, r *ring, stream int) bool {
	x := &e.xfer
	start := *r
	td, tooLong := c.descriptor(r, x.td[:0])
	if td == nil {
		return false
	}
	x.td, x.start, x.ring, x.stream, x.active = td, start, r, stream, true
	x.packet.Actual = 0
	if td[0].kind() == trbNoop {
		c.finish(e, ccSuccess)
		return true
	}
	target := e.target()
	if target == nil {
		c.finish(e, ccTransaction)
		return false
	}
	result := ccTRB
	if !tooLong {
		result = c.prepare(e, target)
	}
	if result != ccSuccess {
		c.finish(e, result)
		return false
	}
	return true
}

// prepare makes the packet of a transfer: token, request, and memory.
func (c *Core) prepare(e *endpoint, target *usb.Endpoint) code {
	x := &e.xfer
	pid := usb.Out
	if e.id&1 != 0 {
		pid = usb.In
	}
	if e.typ == epControl {
		pid = usb.Setup
		if x.td[0].kind() != trbSetup || !x.td[0].has(ctlImmediate) || x.td[0].length() != 8 {
			return ccTRB
		}
	}
	x.packet.Prepare(target, pid, x.td[0].addr)
	in := pid == usb.In
	if pid == usb.Setup {
		binary.LittleEndian.PutUint64(x.packet.Request[:], x.td[0].param)
		in = x.packet.Request[0]&0x80 != 0
		for i := range x.td {
			if t := &x.td[i]; t.kind() == trbData && t.has(ctlDataIn) != in {
				return ccTRB
			}
		}
	}
	return c.mapData(e, in)
}

// mapData maps the memory that the blocks of a transfer lead to.
func (c *Core) mapData(e *endpoint, in bool) code {
	x, total := &e.xfer, 0
	dir := memory.ToDevice
	if in {
		dir = memory.FromDevice
	}
	for i := range x.td {
		t := &x.td[i]
		switch t.kind() {
		case trbNormal, trbData, trbIsoch:
		default:
			continue
		}
		n := t.length()
		if total += n; total > maxBytes {
			return ccTRB
		}
		if t.has(ctlImmediate) {
			if n > 8 || in {
				return ccTRB
			}
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], t.param)
			x.packet.AddBytes(b[:n])
			continue
		}
		for addr := t.param; n > 0; {
			as := c.host.memory()
			if as == nil {
				return ccDataBuffer
			}
			c.access++
			m, err := memory.DMAMap(as, addr, n, dir, fmt.Sprintf("xhci slot %d endpoint %d", e.slot.num, e.id))
			c.access--
			if err != nil {
				return ccDataBuffer
			}
			x.packet.AddMapping(m)
			addr, n = addr+uint64(m.Len()), n-m.Len()
		}
	}
	return ccSuccess
}

// submit gives the packet to the device and reports whether the transfer is
// over.
func (c *Core) submit(e *endpoint) bool {
	x := &e.xfer
	x.waiting = false
	x.packet.Submit()
	switch x.packet.Status {
	case usb.Async:
		return false
	case usb.Nak:
		if e.typ&3 != epIsoch {
			x.waiting = true
			return false
		}
		// Isochronous data is late or lost, never repeated.
		x.packet.Status, x.packet.Actual = usb.Success, 0
	}
	c.finish(e, completionCode(x.packet.Status))
	return true
}

// Complete implements [usb.PortOps]: a packet that was in flight is over, and
// the endpoint goes on.
func (c *Core) Complete(_ *usb.Port, p *usb.Packet) {
	s := c.slotOf(p.Endpoint().Device())
	if s == nil {
		return
	}
	for id, e := range s.eps {
		if e != nil && e.xfer.active && &e.xfer.packet == p {
			stream := e.xfer.stream
			c.finish(e, completionCode(p.Status))
			c.kick(s, id, stream)
			return
		}
	}
}

func completionCode(s usb.Status) code {
	switch s {
	case usb.Success:
		return ccSuccess
	case usb.Stall:
		return ccStall
	case usb.Babble:
		return ccBabble
	}
	return ccTransaction
}

// finish ends a transfer: its memory is the guest's again, the guest is told,
// and after an error the endpoint halts at the start of the transfer.
func (c *Core) finish(e *endpoint, result code) {
	x := &e.xfer
	c.unmap(x)
	x.active, x.waiting = false, false
	c.report(e, result)
	if result != ccSuccess && e.typ&3 != epIsoch {
		*x.ring = x.start
		c.setState(e, epHalted)
	}
}

// cancel ends the transfer of an endpoint, if there is one, before the device
// did. Unless the code is ccInvalid the guest is told.
func (c *Core) cancel(e *endpoint, result code) {
	x := &e.xfer
	if !x.active {
		return
	}
	x.packet.Cancel()
	c.unmap(x)
	x.active, x.waiting = false, false
	if result != ccInvalid {
		*x.ring = x.start
		t := &x.td[0]
		c.tell(t.interrupter(), event{
			kind: evTransfer, code: result, pointer: t.addr, length: uint32(t.length()), slot: e.slot.num, endpoint: e.id,
		})
	}
}

// report tells the guest how a transfer went, block by block: where it asked
// for, where data ran short, and where it failed, xHCI 4.11.3.
func (c *Core) report(e *endpoint, result code) {
	x := &e.xfer
	left, moved := x.packet.Actual, 0
	reported, short := false, false
	for i := range x.td {
		t := &x.td[i]
		chunk, last := 0, i == len(x.td)-1
		switch t.kind() {
		case trbSetup:
			chunk = min(t.length(), 8)
		case trbData, trbNormal, trbIsoch:
			chunk = t.length()
			if chunk > left {
				chunk = left
				short = result == ccSuccess
			}
			left -= chunk
			moved += chunk
		case trbStatus:
			reported, short = false, false
		}
		failed := result != ccSuccess && (left == 0 || last)
		if !reported && (t.has(ctlIOC) || short && t.has(ctlShortPacket) || failed) {
			ev := event{
				kind: evTransfer, code: result, pointer: t.addr,
				length: uint32(max(t.length()-chunk, 0)), slot: e.slot.num, endpoint: e.id,
			}
			if result == ccSuccess && short {
				ev.code = ccShortPacket
			}
			if t.kind() == trbEventData {
				ev.pointer, ev.length, ev.flags = t.param, uint32(moved), ctlEventData
				moved = 0
			}
			c.tell(t.interrupter(), ev)
			reported = true
			if result != ccSuccess {
				return
			}
		}
		if t.kind() == trbSetup {
			reported, short = false, false
		}
	}
}
