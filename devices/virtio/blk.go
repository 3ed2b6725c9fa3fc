package virtio

import (
	"encoding/binary"
	"errors"

	"github.com/qomd/qomd/devices/qdev"
)

// Types of requests, VIRTIO 1.2 section 5.2.6.
const (
	blkIn          = 0
	blkOut         = 1
	blkFlush       = 4
	blkGetID       = 8
	blkDiscard     = 11
	blkWriteZeroes = 13

	blkHeader = 16
	sector    = 512
	blkIDSize = 20
)

// Status bytes of requests.
const (
	blkOK          = 0
	blkIOError     = 1
	blkUnsupported = 2
)

// Features of block devices, VIRTIO 1.2 section 5.2.3.
const (
	blkFeatureSegMax   = 2
	blkFeatureGeometry = 4
	blkFeatureReadOnly = 5
	blkFeatureBlkSize  = 6
	blkFeatureFlush    = 9
	blkFeatureTopology = 10
	blkFeatureWCE      = 11
	blkFeatureMQ       = 12
	blkFeatureDiscard  = 13
	blkFeatureZeroes   = 14
)

// queuesOpen is the value of num-queues that leaves the number to the machine.
const queuesOpen = 0xffff

// Blk is virtio-blk-device.
type Blk struct {
	Device
	disk qdev.Disk
	wce  bool
}

var errNoDrive = errors.New("drive property not set")

// Prepare implements [Preparer]: there is a queue per processor unless the user
// wants another number.
func (b *Blk) Prepare(*Proxy) {
	if b.StoredUint("num-queues") == queuesOpen {
		b.Store("num-queues", uint64(processors(&b.Object)))
	}
}

// Vectors implements [VectorUser].
func (b *Blk) Vectors() uint32 { return uint32(b.StoredUint("num-queues")) + 1 }

// RealizeVirtio implements [Model].
func (b *Blk) RealizeVirtio() error {
	backend := qdev.BackendOf(&b.Object, "drive")
	queues, size := b.StoredUint("num-queues"), b.StoredUint("queue-size")
	switch {
	case backend == nil:
		return errNoDrive
	case queues == 0:
		return errors.New("num-queues property must be larger than 0")
	case queues > maxQueue:
		return errors.New("num-queues property is larger than the number of queues a device can have")
	case size <= 2:
		return badQueueSize("queue-size", size, "must be > 2")
	case size > maxQueue || size&(size-1) != 0:
		return badQueueSize("queue-size", size, "must be a power of 2 (max 1024)")
	}
	if err := qdev.StartDrive(&b.Object, qdev.DriveUse{Resizable: true}); err != nil {
		return err
	}
	b.disk, b.wce = qdev.DiskOf(backend), true
	if err := b.SettleGeometry(b.disk.Size(), 255); err != nil {
		return err
	}
	if err := b.SettleBlockSizes(); err != nil {
		return err
	}
	b.Offer(blkFeatureSegMax, blkFeatureGeometry, blkFeatureTopology, blkFeatureBlkSize, blkFeatureFlush)
	b.OfferIf("config-wce", blkFeatureWCE)
	b.OfferIf("discard", blkFeatureDiscard)
	b.OfferIf("write-zeroes", blkFeatureZeroes)
	if b.disk.ReadOnly() {
		b.Offer(blkFeatureReadOnly)
	}
	if queues > 1 {
		b.Offer(blkFeatureMQ)
	}
	for range queues {
		b.AddQueue(int(size))
	}
	return nil
}

// Disk returns what the device reads and writes, nil while it is not realized.
func (b *Blk) Disk() qdev.Disk { return b.disk }

// ConfigSize implements [Configured]: the structure ends with the last field
// that a feature needs.
func (b *Blk) ConfigSize() int {
	switch {
	case b.Offered(blkFeatureZeroes):
		return 57
	case b.Offered(blkFeatureDiscard):
		return 48
	}
	return 36
}

// Config implements [Configured], VIRTIO 1.2 section 5.2.4.
func (b *Blk) Config(p []byte) {
	le, o := binary.LittleEndian, &b.Object
	le.PutUint64(p, uint64(b.disk.Size()/sector))
	le.PutUint32(p[12:], uint32(o.StoredUint("queue-size")-2))
	if !o.StoredBool("seg-max-adjust") {
		le.PutUint32(p[12:], 126)
	}
	le.PutUint16(p[16:], uint16(o.StoredUint("cyls")))
	p[18], p[19] = byte(o.StoredUint("heads")), byte(o.StoredUint("secs"))
	le.PutUint32(p[20:], uint32(o.StoredUint("logical_block_size")))
	for n := o.StoredUint("physical_block_size") / max(o.StoredUint("logical_block_size"), 1); n > 1; n /= 2 {
		p[24]++
	}
	le.PutUint16(p[26:], uint16(o.StoredUint("min_io_size")/max(o.StoredUint("logical_block_size"), 1)))
	le.PutUint32(p[28:], uint32(o.StoredUint("opt_io_size")/max(o.StoredUint("logical_block_size"), 1)))
	p[32] = byte(flag(b.wce))
	le.PutUint16(p[34:], uint16(o.StoredUint("num-queues")))
	if b.Offered(blkFeatureDiscard) {
		le.PutUint32(p[36:], uint32(o.StoredUint("max-discard-sectors")))
		le.PutUint32(p[40:], 1)
		le.PutUint32(p[44:], 1)
	}
	if b.Offered(blkFeatureZeroes) {
		le.PutUint32(p[48:], uint32(o.StoredUint("max-write-zeroes-sectors")))
		le.PutUint32(p[52:], 1)
	}
}

// SetConfig implements [ConfigWriter]: the driver may switch the write cache.
func (b *Blk) SetConfig(p []byte) {
	if b.Accepted(blkFeatureWCE) {
		b.wce = p[32]&1 != 0
	}
}

// Notify implements [Notified].
func (b *Blk) Notify(q *Queue) { q.Each(b.start) }

// start carries out a request.
func (b *Blk) start(e *Element) {
	if e.Out.Len() < blkHeader || e.In.Len() < 1 {
		b.Break("virtio-blk missing headers")
		e.Drop()
		return
	}
	head := e.Out.Bytes(blkHeader)
	kind, at := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint64(head[8:])
	in, out := e.In.Len()-1, e.Out.Len()-blkHeader
	switch kind {
	case blkIn:
		if !b.within(at, in) {
			b.finish(e, blkIOError, 0)
			return
		}
		b.disk.ReadAt(&e.In, int64(at)*sector, in, func(err error) { b.finish(e, statusOf(err), in) })
	case blkOut:
		if !b.within(at, out) || b.disk.ReadOnly() {
			b.finish(e, blkIOError, 0)
			return
		}
		b.disk.WriteAt(afterHeader{&e.Out}, int64(at)*sector, out, func(err error) { b.finish(e, statusOf(err), 0) })
	case blkFlush:
		b.disk.Flush(func(err error) { b.finish(e, statusOf(err), 0) })
	case blkGetID:
		id := make([]byte, min(in, blkIDSize))
		copy(id, b.StoredString("serial"))
		e.In.WriteAt(id, 0)
		b.finish(e, blkOK, int64(len(id)))
	case blkDiscard, blkWriteZeroes:
		b.range16(e, kind, out)
	default:
		b.finish(e, blkUnsupported, 0)
	}
}

// range16 is a discard, which a disk may ignore, or a write of zeros.
func (b *Blk) range16(e *Element, kind uint32, out int64) {
	offered := kind == blkDiscard && b.Offered(blkFeatureDiscard) || kind == blkWriteZeroes && b.Offered(blkFeatureZeroes)
	if !offered || out != blkHeader {
		b.finish(e, blkUnsupported, 0)
		return
	}
	var seg [blkHeader]byte
	e.Out.ReadAt(seg[:], blkHeader)
	at, n := binary.LittleEndian.Uint64(seg[:]), int64(binary.LittleEndian.Uint32(seg[8:]))*sector
	switch {
	case !b.within(at, n) || b.disk.ReadOnly():
		b.finish(e, blkIOError, 0)
	case kind == blkDiscard || n == 0:
		b.finish(e, blkOK, 0)
	default:
		b.disk.WriteAt(zeros{}, int64(at)*sector, n, func(err error) { b.finish(e, statusOf(err), 0) })
	}
}

// within reports whether n bytes from a sector on are whole sectors of the
// disk.
func (b *Blk) within(at uint64, n int64) bool {
	total := uint64(b.disk.Size() / sector)
	return n%int64(b.StoredUint("logical_block_size")) == 0 && at <= total && uint64(n)/sector <= total-at
}

// finish gives a request back: n bytes of data and the status behind the last.
func (b *Blk) finish(e *Element, status byte, n int64) {
	e.In.WriteAt([]byte{status}, e.In.Len()-1)
	q := e.Queue()
	q.Push(e, uint32(n+1))
	q.Signal()
}

func statusOf(err error) byte {
	if err != nil {
		return blkIOError
	}
	return blkOK
}

// afterHeader is a buffer without the request's header.
type afterHeader struct{ b *Buffer }

func (a afterHeader) ReadAt(p []byte, off int64) (int, error) { return a.b.ReadAt(p, off+blkHeader) }

// zeros reads as zeros for ever.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}
