package virtio

import (
	"encoding/binary"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/scsi"
)

const (
	scsiControlQueue = 0
	scsiEventQueue   = 1
	scsiFixedQueues  = 2 // control and events
	scsiHotplug      = 1 // features
	scsiChange       = 2

	scsiCDB       = 32
	scsiSense     = 96
	scsiRequest   = 19 // bytes before the command block
	scsiResponse  = 12 // bytes before the sense data
	scsiEventSize = 16
	scsiMaxTarget = 255
	scsiMaxLUN    = 16383

	scsiQueuesOpen = 0xffffffff
)

// Events, VIRTIO 1.2 section 5.6.6.3.
const (
	scsiTransportReset = 1
	scsiRescan         = 1
	scsiRemoved        = 2
)

// SCSI is virtio-scsi-device: a host adapter with a SCSI bus. It decides itself
// about disks that come and go, at once, and tells the guest.
type SCSI struct {
	Device
	bus      scsi.Bus
	commands []*scsiCommand // under way
}

// Prepare implements [Preparer].
func (s *SCSI) Prepare(*Proxy) {
	if s.StoredUint("num_queues") == scsiQueuesOpen {
		s.Store("num_queues", uint64(processors(&s.Object)))
	}
}

// Vectors implements [VectorUser].
func (s *SCSI) Vectors() uint32 {
	return uint32(s.StoredUint("num_queues")) + scsiFixedQueues + 1
}

// RealizeVirtio implements [Model].
func (s *SCSI) RealizeVirtio() error {
	o := &s.Object
	queues, size := o.StoredUint("num_queues"), o.StoredUint("virtqueue_size")
	switch {
	case queues == 0 || queues > maxQueue-scsiFixedQueues:
		return badQueueCount(queues, maxQueue-scsiFixedQueues)
	case size <= 2:
		return fmt.Errorf("invalid virtqueue_size property (= %d), must be > 2", size)
	case size > maxQueue:
		return fmt.Errorf("invalid virtqueue_size property (= %d), must not exceed %d", size, maxQueue) // QEMU aborts
	}
	s.OfferIf("hotplug", scsiHotplug)
	s.OfferIf("param_change", scsiChange)
	for range scsiFixedQueues + queues {
		s.AddQueue(int(size))
	}
	s.bus.InitBus(s.Qdev(), s.busName(), scsi.Limits{Target: scsiMaxTarget, LUN: scsiMaxLUN})
	s.bus.SetHandler(s)
	return nil
}

// ResetVirtio implements [ResetWatcher]: the units are reset as well.
func (s *SCSI) ResetVirtio() {
	for _, q := range s.bus.Devices() {
		scsi.DeviceOf(&q.Object).Reset()
	}
}

// Plug implements [qdev.Plugger].
func (s *SCSI) Plug(d *qdev.Device) error {
	s.event(d, scsiRescan)
	return nil
}

// Unplug implements [qdev.Unplugger].
func (s *SCSI) Unplug(d *qdev.Device) error {
	d.Unrealize()
	s.event(d, scsiRemoved)
	return nil
}

// event tells the driver that a unit came or went.
func (s *SCSI) event(d *qdev.Device, reason uint32) {
	unit, q := scsi.DeviceOf(&d.Object), s.Queue(scsiEventQueue)
	if unit == nil || q == nil || !s.Accepted(scsiHotplug) {
		return
	}
	e := q.Pop()
	if e == nil {
		return
	}
	p := make([]byte, scsiEventSize)
	binary.LittleEndian.PutUint32(p, scsiTransportReset)
	_, target, lun := unit.Address()
	p[4], p[5] = 1, byte(target)
	binary.BigEndian.PutUint16(p[6:], uint16(lun)|0x4000)
	binary.LittleEndian.PutUint32(p[12:], reason)
	n, _ := e.In.WriteAt(p, 0)
	q.Push(e, uint32(n))
	q.Signal()
}

// ConfigSize implements [Configured].
func (s *SCSI) ConfigSize() int { return 36 }

// Config implements [Configured], VIRTIO 1.2 section 5.6.4.
func (s *SCSI) Config(p []byte) {
	le, o := binary.LittleEndian, &s.Object
	le.PutUint32(p, uint32(o.StoredUint("num_queues")))
	le.PutUint32(p[4:], uint32(o.StoredUint("virtqueue_size")-2))
	if !o.StoredBool("seg_max_adjust") {
		le.PutUint32(p[4:], 126)
	}
	le.PutUint32(p[8:], uint32(o.StoredUint("max_sectors")))
	le.PutUint32(p[12:], uint32(o.StoredUint("cmd_per_lun")))
	le.PutUint32(p[16:], scsiEventSize)
	le.PutUint32(p[20:], scsiSense)
	le.PutUint32(p[24:], scsiCDB)
	le.PutUint16(p[30:], scsiMaxTarget)
	le.PutUint32(p[32:], scsiMaxLUN)
}

// Notify implements [Notified].
func (s *SCSI) Notify(q *Queue) {
	switch q.Index() {
	case scsiEventQueue:
		return // buffers for what happens
	case scsiControlQueue:
		q.Each(s.control)
	default:
		q.Each(s.command)
	}
}
