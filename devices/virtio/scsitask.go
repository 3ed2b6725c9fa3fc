package virtio

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/scsi"
)

// Requests of the control queue, VIRTIO 1.2 section 5.6.6.2.
const (
	taskManagement = 0 // the others are about events

	taskAbort      = 0
	taskAbortSet   = 1
	taskClearSet   = 3
	taskNexusReset = 4
	taskUnitReset  = 5
	taskQuery      = 6
	taskQuerySet   = 7

	taskRequest = 24 // type, function, unit and tag
	// Responses.
	taskComplete  = 0
	taskSucceeded = 10
	taskRejected  = 11
	// An answer about events is which of them are reported, none, and the
	// response.
	eventAnswer = 5
)

// control carries out a request of the control queue. It is answered when the
// commands it is about have ended.
func (s *SCSI) control(e *Element) {
	head := e.Out.Bytes(taskRequest)
	if len(head) < 4 || e.In.Len() < 1 {
		s.Break("wrong size for virtio-scsi headers")
		e.Drop()
		return
	}
	if binary.LittleEndian.Uint32(head) != taskManagement {
		s.give(e, make([]byte, min(e.In.Len(), eventAnswer)), 0)
		return
	}
	if len(head) < taskRequest {
		s.Break("wrong size for virtio-scsi headers")
		e.Drop()
		return
	}
	function, tag := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint64(head[16:])
	unit, response := s.unitAt(head[8:], function == taskNexusReset)
	if unit == nil {
		s.give(e, []byte{response}, 0)
		return
	}
	s.manage(e, function, tag, unit)
}

// manage carries out a task management function for a unit.
func (s *SCSI) manage(e *Element, function uint32, tag uint64, unit *scsi.Device) {
	var about []*scsiCommand
	_, target, _ := unit.Address()
	for _, c := range s.commands {
		_, t, _ := c.unit.Address()
		one := function == taskAbort || function == taskQuery
		if c.unit == unit && (!one || c.tag == tag) || function == taskNexusReset && t == target {
			about = append(about, c)
		}
	}
	switch function {
	case taskQuery, taskQuerySet:
		answer := byte(taskComplete)
		if len(about) > 0 {
			answer = taskSucceeded
		}
		s.give(e, []byte{answer}, 0)
		return
	case taskNexusReset:
		for _, q := range s.bus.Devices() {
			d := scsi.DeviceOf(&q.Object)
			if _, t, _ := d.Address(); t == target {
				d.Reset()
			}
		}
	case taskUnitReset:
		unit.Reset()
	case taskAbort, taskAbortSet, taskClearSet:
	default:
		s.give(e, []byte{taskRejected}, 0)
		return
	}
	left := 1
	ended := func() {
		if left--; left == 0 {
			s.give(e, []byte{taskComplete}, 0)
		}
	}
	for _, c := range about {
		left++
		c.r.Abort(ended) // one that was reset keeps to that
	}
	ended()
}
