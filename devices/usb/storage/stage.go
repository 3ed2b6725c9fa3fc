package storage

import (
	"fmt"
	"io"

	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

// stage is a packet that waits for the drive. While it does the transport stays
// allocated, even if the packet was taken back and the device unplugged.
type stage struct {
	t    *transport
	p    *usb.Packet // nil once it was taken back
	hold qom.Hold
}

// wait makes p wait for what start begins, which calls [stage.over] in the end.
func (t *transport) wait(p *usb.Packet, start func(s *stage)) {
	s := &stage{t: t, p: p}
	t.stage = s
	p.Status = usb.Async
	t.HoldInto(&s.hold, qom.HoldIO, fmt.Sprintf("%s %s, packet %#x", t.TypeName(), t.Label(), p.ID), 1)
	start(s)
}

// over ends the wait: then, unless the packet was taken back, does what is left
// to do and reports whether all went well, which is how the packet ends.
func (s *stage) over(then func() bool) {
	p, t := s.p, s.t
	if p == nil {
		s.hold.Release() // the device may go here
		return
	}
	t.stage = nil
	s.hold.Release()
	finish(p, then())
	// A packet that came too early has its turn.
	if w := t.waiting; w != nil && t.stage == nil {
		t.waiting = nil
		ok := t.handle(w)
		if t.stage == nil || t.stage.p != w {
			finish(w, ok)
		}
	}
}

// finish ends a packet, in flight or about to be.
func finish(p *usb.Packet, ok bool) {
	p.Status = usb.Success
	if !ok {
		p.Status = usb.Stall
	}
	p.Complete()
}

// ReadAt and WriteAt are the packet's data. They implement [io.ReaderAt] and
// [io.WriterAt].
func (s *stage) ReadAt(b []byte, off int64) (int, error) {
	if s.p == nil {
		return 0, io.ErrClosedPipe
	}
	s.p.Actual = int(off)
	n := s.p.Read(b)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (s *stage) WriteAt(b []byte, off int64) (int, error) {
	if s.p == nil {
		return 0, io.ErrClosedPipe
	}
	s.p.Actual = int(off)
	n := s.p.Write(b)
	if n < len(b) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// CancelPacket implements [usb.Canceller]: the command fails.
func (t *transport) CancelPacket(p *usb.Packet) {
	switch {
	case t.waiting == p:
		t.waiting = nil
	case t.stage != nil && t.stage.p == p:
		t.stage.p, t.stage = nil, nil
		t.req = scsi.Failed()
	}
}

// HandleReset implements [usb.ResetHandler]: packets that wait are refused, and
// the transport is ready for a command.
func (t *transport) HandleReset() {
	var packets []*usb.Packet
	if s := t.stage; s != nil {
		packets = append(packets, s.p)
		s.p, t.stage = nil, nil
	}
	if t.waiting != nil {
		packets = append(packets, t.waiting)
		t.waiting = nil
	}
	t.expectCommand()
	for _, p := range packets {
		finish(p, false)
	}
}
