package virtio

import (
	"io"
	"time"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// NullDisk takes every request, does nothing, and completes it after a while
// of the machine's virtual time, as QEMU's null-co driver does. It is a
// [qdev.Backend] that one device can use.
type NullDisk struct {
	ID      string
	Bytes   int64
	Latency time.Duration // 0: at once
	Clock   qdev.Clock    // needed for a latency
	user    *qom.Object
}

// Name implements [qdev.Backend].
func (d *NullDisk) Name() string { return d.ID }

// Attach implements [qdev.Backend].
func (d *NullDisk) Attach(o *qom.Object, _ string) error {
	if d.user != nil {
		return qdev.ErrInUse
	}
	d.user = o
	return nil
}

// Detach implements [qdev.Backend].
func (d *NullDisk) Detach(*qom.Object, string) { d.user = nil }

// Size implements [qdev.Disk].
func (d *NullDisk) Size() int64 { return d.Bytes }

// ReadOnly implements [qdev.Disk].
func (d *NullDisk) ReadOnly() bool { return false }

// ReadAt implements [qdev.Disk]; dst stays as it is.
func (d *NullDisk) ReadAt(_ io.WriterAt, _, _ int64, done func(error)) { d.complete(done) }

// WriteAt implements [qdev.Disk].
func (d *NullDisk) WriteAt(_ io.ReaderAt, _, _ int64, done func(error)) { d.complete(done) }

// Flush implements [qdev.Disk].
func (d *NullDisk) Flush(done func(error)) { d.complete(done) }

func (d *NullDisk) complete(done func(error)) {
	if d.Latency <= 0 || d.Clock == nil {
		done(nil)
		return
	}
	d.Clock.AfterFunc(d.Latency, func() { done(nil) })
}

var (
	_ qdev.Disk    = (*NullDisk)(nil)
	_ qdev.Backend = (*NullDisk)(nil)
)
