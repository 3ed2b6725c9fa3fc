package virtio

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/qomd/qomd/devices/scsi"
)

// Responses, VIRTIO 1.2 section 5.6.6.1.
const (
	scsiOK        = 0
	scsiAborted   = 2
	scsiBadTarget = 3
	scsiReset     = 4
	scsiBadLUN    = 12
)

// scsiCommand is a command that a unit works on.
type scsiCommand struct {
	s    *SCSI
	e    *Element
	unit *scsi.Device
	tag  uint64
	r    *scsi.Request
}

// unitAt finds the unit that the header of a request names, and answers the
// response without one. any is for commands that every unit of a target
// answers.
func (s *SCSI) unitAt(lun []byte, any bool) (*scsi.Device, byte) {
	number := uint32(binary.BigEndian.Uint16(lun[2:])) & 0x3fff
	unit := s.bus.Find(0, uint32(lun[1]), number)
	if lun[0] != 1 || unit == nil {
		return nil, scsiBadTarget
	}
	if _, _, have := unit.Address(); have != number && !any {
		return nil, scsiBadLUN
	}
	return unit, scsiOK
}

// anyUnit reports whether a command is answered by whatever unit of the target
// there is: INQUIRY, REPORT LUNS and REQUEST SENSE.
func anyUnit(op byte) bool { return op == 0x12 || op == 0xa0 || op == 0x03 }

// command begins a request, VIRTIO 1.2 section 5.6.6.1.
func (s *SCSI) command(e *Element) {
	if e.Out.Len() < scsiRequest+scsiCDB || e.In.Len() < scsiResponse+scsiSense {
		s.Break("wrong size for virtio-scsi headers")
		e.Drop()
		return
	}
	head := e.Out.Bytes(scsiRequest + scsiCDB)
	unit, response := s.unitAt(head, anyUnit(head[scsiRequest]))
	if unit == nil {
		resp := make([]byte, scsiResponse+scsiSense)
		resp[11] = response
		s.give(e, resp, 0)
		return
	}
	c := &scsiCommand{s: s, e: e, unit: unit, tag: binary.LittleEndian.Uint64(head[8:]), r: unit.Start(head[scsiRequest:])}
	s.commands = append(s.commands, c)
	if c.r.In {
		c.r.Read(dataIn{&e.In}, e.In.Len()-scsiResponse-scsiSense, c.finish)
	} else {
		c.r.Write(dataOut{&e.Out}, e.Out.Len()-scsiRequest-scsiCDB, c.finish)
	}
}

// finish ends a command once its data was moved.
func (c *scsiCommand) finish(moved int64) { c.r.Finish(func() { c.end(moved) }) }

// end answers the driver: response, sense data, and how much data there was.
func (c *scsiCommand) end(moved int64) {
	s, r := c.s, c.r
	s.commands = slices.DeleteFunc(s.commands, func(o *scsiCommand) bool { return o == c })
	resp := make([]byte, scsiResponse+scsiSense)
	binary.LittleEndian.PutUint32(resp[4:], uint32(r.Left()))
	switch r.Ending {
	case scsi.Completed:
		resp[10] = r.Status
		if r.Status != 0 {
			sense := r.Sense.Data()
			binary.LittleEndian.PutUint32(resp, uint32(len(sense)))
			copy(resp[scsiResponse:], sense)
		}
	case scsi.Aborted:
		resp[11] = scsiAborted
	case scsi.WasReset:
		resp[11] = scsiReset
	}
	if !r.In {
		moved = 0
	}
	s.give(c.e, resp, moved)
}

// give returns an element with a response and n bytes of data behind it.
func (s *SCSI) give(e *Element, resp []byte, n int64) {
	e.In.WriteAt(resp, 0)
	q := e.Queue()
	q.Push(e, uint32(int64(len(resp))+n))
	q.Signal()
}

// dataIn and dataOut are the buffers of a command without its headers.
type dataIn struct{ b *Buffer }

func (d dataIn) WriteAt(p []byte, off int64) (int, error) {
	return d.b.WriteAt(p, off+scsiResponse+scsiSense)
}

type dataOut struct{ b *Buffer }

func (d dataOut) ReadAt(p []byte, off int64) (int, error) {
	return d.b.ReadAt(p, off+scsiRequest+scsiCDB)
}

var (
	_ io.WriterAt = dataIn{}
	_ io.ReaderAt = dataOut{}
)
