package usb

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// PID is the token that starts a transaction, USB 2.0 table 8-1.
type PID uint8

// The tokens.
const (
	Out   PID = 0xe1
	In    PID = 0x69
	Setup PID = 0x2d
)

// Status is how a packet ended.
type Status uint8

// The results of a packet. Async is none: the packet is in flight.
const (
	Success Status = iota
	NoDevice
	Nak // nothing to send now, or no room; try again
	Stall
	Babble // more data than there is room for
	IOError
	Async
)

var statusNames = [...]string{"success", "no device", "nak", "stall", "babble", "I/O error", "async"}

// String names the status for a log.
func (s Status) String() string { return statusNames[s] }

type packetState uint8

const (
	packetIdle packetState = iota
	packetAsync
	packetDone
	packetCanceled
)

// Packet is one transaction, or a whole control transfer, on an endpoint. It
// corresponds to USBPacket in QEMU. A controller owns its packets and may use
// one again once it is not in flight.
type Packet struct {
	PID     PID
	Request [8]byte // of a Setup packet
	ID      uint64  // the controller's name for it

	// Status and Actual, the number of bytes moved, tell how it ended. Device
	// models set them.
	Status Status
	Actual int

	ep       *Endpoint
	state    packetState
	segments []segment
	size     int
	hold     qom.Hold // on the device, while in flight
}

// segment is a piece of a packet's data: bytes, or a mapping of guest memory.
type segment struct {
	bytes   []byte
	mapping *memory.Mapping
}

func (s segment) len() int {
	if s.mapping != nil {
		return s.mapping.Len()
	}
	return len(s.bytes)
}

// Prepare makes the packet ready for an endpoint, without data.
func (p *Packet) Prepare(ep *Endpoint, pid PID, id uint64) {
	if p.InFlight() {
		panic(fmt.Sprintf("usb: packet %#x prepared while it is in flight", p.ID))
	}
	clear(p.segments)
	*p = Packet{PID: pid, ID: id, ep: ep, segments: p.segments[:0]}
}

// AddBytes appends a buffer to the packet's data.
func (p *Packet) AddBytes(b []byte) {
	p.segments = append(p.segments, segment{bytes: b})
	p.size += len(b)
}

// AddMapping appends a mapping of guest memory to the packet's data.
func (p *Packet) AddMapping(m *memory.Mapping) {
	p.segments = append(p.segments, segment{mapping: m})
	p.size += m.Len()
}

// Unmap ends all mappings of the packet. The bytes that the device moved into
// guest memory count as accessed.
func (p *Packet) Unmap() {
	left := p.Actual
	for i, s := range p.segments {
		n := min(left, s.len())
		left -= n
		if s.mapping != nil {
			s.mapping.Unmap(n)
			p.segments[i].mapping = nil
		}
	}
	p.segments = p.segments[:0]
}

// Endpoint returns where the packet goes.
func (p *Packet) Endpoint() *Endpoint { return p.ep }

// Size returns how many bytes the packet has room for, or brings.
func (p *Packet) Size() int { return p.size }

// InFlight reports whether the device still has the packet.
func (p *Packet) InFlight() bool { return p.state == packetAsync }

// Canceled reports whether the packet was cancelled in flight.
func (p *Packet) Canceled() bool { return p.state == packetCanceled }

// Write moves data from the device to the packet, after what it already has,
// and returns how much there was room for.
func (p *Packet) Write(b []byte) int {
	return p.move(len(b), func(s segment, off, done, n int) {
		if s.mapping != nil {
			s.mapping.WriteAt(b[done:done+n], int64(off))
		} else {
			copy(s.bytes[off:], b[done:done+n])
		}
	})
}

// Read moves data from the packet to the device, after what it already took,
// and returns how much there was.
func (p *Packet) Read(b []byte) int {
	return p.move(len(b), func(s segment, off, done, n int) {
		if s.mapping != nil {
			s.mapping.ReadAt(b[done:done+n], int64(off))
		} else {
			copy(b[done:done+n], s.bytes[off:])
		}
	})
}

func (p *Packet) move(want int, f func(s segment, off, done, n int)) int {
	done, at := 0, 0
	for _, s := range p.segments {
		size := s.len()
		if skip := p.Actual - at; done < want && skip < size {
			n := min(size-skip, want-done)
			f(s, skip, done, n)
			done += n
			p.Actual += n
		}
		at += size
	}
	return done
}

// A ControlHandler answers the control requests that are not the business of
// every device. data is the room for an IN request's answer, or what an OUT
// request brought.
type ControlHandler interface {
	HandleControl(r Request, data []byte) (n int, s Status)
}

// A DataHandler answers packets on the other endpoints: it sets Status, which
// is Success at first, and moves data with Read and Write.
type DataHandler interface{ HandleData(p *Packet) }

// A Canceller is told when a packet that it has in flight is cancelled.
type Canceller interface{ CancelPacket(p *Packet) }

// Submit gives the packet to its device. Unless Status is Async afterwards the
// packet is done.
func (p *Packet) Submit() {
	p.state, p.Status, p.Actual = packetDone, Success, 0
	d := p.ep.dev
	switch {
	case !d.attached:
		p.Status = NoDevice
		return
	case p.ep.number != 0 && p.ep.maxPacket == 0:
		p.Status = Stall // not part of the configuration
		return
	}
	if p.ep.number == 0 {
		d.handleControl(p)
	} else {
		d.handleData(p)
	}
	if p.Status == Async {
		p.state = packetAsync
		p.ep.queue = append(p.ep.queue, p)
		d.HoldInto(&p.hold, qom.HoldPacket, fmt.Sprintf("%s endpoint %d packet %#x", d.Label(), p.ep.number, p.ID), 1)
	}
}

func (d *Device) handleData(p *Packet) {
	if p.ep.halted {
		p.Status = Stall
		return
	}
	m, ok := d.Self().(DataHandler)
	if !ok {
		p.Status = Nak
		return
	}
	m.HandleData(p)
	if p.Status == Stall {
		p.ep.halted = true
	}
}

// Complete ends a packet in flight: the device has set Status and Actual, and
// the controller gets it back.
func (p *Packet) Complete() {
	if !p.InFlight() {
		return
	}
	if p.Status == Async {
		p.Status = IOError
	}
	p.leave(packetDone)
	if p.Status == Stall && p.ep.number != 0 {
		p.ep.halted = true
	}
	port := p.ep.dev.port
	// The controller may use the packet again at once, with its token.
	p.hold.Release()
	if port != nil {
		root := port.Root()
		root.ops.Complete(root, p)
	}
}

// Cancel takes a packet in flight back, for the controller, which is not told.
func (p *Packet) Cancel() {
	if !p.InFlight() {
		return
	}
	p.leave(packetCanceled)
	p.forget()
	p.hold.Release()
}

// abort ends a packet in flight because its endpoint goes away under it: model
// and controller are both told.
func (p *Packet) abort() {
	if !p.InFlight() {
		return
	}
	p.forget()
	p.Status, p.Actual = IOError, 0
	p.Complete()
}

// forget tells the model that it has the packet no longer.
func (p *Packet) forget() {
	if m, ok := p.ep.dev.Self().(Canceller); ok {
		m.CancelPacket(p)
	}
}

func (p *Packet) leave(s packetState) {
	p.state = s
	p.ep.queue = slices.DeleteFunc(p.ep.queue, func(q *Packet) bool { return q == p })
}
