package virtio

import (
	"errors"
	"io"
	"time"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Disk is the host's side of a block device. Requests are asynchronous: done is
// called exactly once, under the machine's lock, at once or later, with nil for
// success. Guest memory (dst, src) may be touched until then, and only under
// the machine's lock.
type Disk interface {
	// Size is the capacity in bytes.
	Size() int64
	// ReadOnly reports whether writes are refused.
	ReadOnly() bool
	// ReadAt stores n bytes at off of the disk to the start of dst.
	ReadAt(dst io.WriterAt, off, n int64, done func(error))
	// WriteAt takes n bytes from the start of src to off of the disk.
	WriteAt(src io.ReaderAt, off, n int64, done func(error))
	// Flush makes durable what was written.
	Flush(done func(error))
}

// errReadOnly is what a write to a read-only disk ends with.
var errReadOnly = errors.New("disk is read-only")

// content is what backends offer that answer at once.
type content interface {
	io.ReaderAt
	io.WriterAt
	Length() int64
}

// diskOf returns the disk behind a backend. One that is no [Disk] but has
// content is read and written at once; others are empty.
func diskOf(b qdev.Backend) Disk {
	switch b := b.(type) {
	case interface{ Async() qdev.Disk }:
		return b.Async()
	case Disk:
		return b
	case content:
		return contentDisk{b}
	}
	return contentDisk{nothing{}}
}

// contentDisk makes a Disk of a backend that answers at once.
type contentDisk struct{ content }

func (d contentDisk) Size() int64 { return d.Length() }

func (d contentDisk) ReadOnly() bool {
	r, ok := d.content.(interface{ ReadOnly() bool })
	return ok && r.ReadOnly()
}

// chunk is how much is copied at once: a guest cannot make the host buffer a
// whole request.
const chunk = 64 << 10

func (d contentDisk) ReadAt(dst io.WriterAt, off, n int64, done func(error)) {
	_, err := io.CopyBuffer(io.NewOffsetWriter(dst, 0), io.NewSectionReader(d.content, off, n), make([]byte, min(n, chunk)))
	done(err)
}

func (d contentDisk) WriteAt(src io.ReaderAt, off, n int64, done func(error)) {
	if d.ReadOnly() {
		done(errReadOnly)
		return
	}
	_, err := io.CopyBuffer(io.NewOffsetWriter(d.content, off), io.NewSectionReader(src, 0, n), make([]byte, min(n, chunk)))
	done(err)
}

func (d contentDisk) Flush(done func(error)) { done(nil) }

// nothing is the content of a backend that has none.
type nothing struct{}

func (nothing) ReadAt([]byte, int64) (int, error)  { return 0, io.EOF }
func (nothing) WriteAt([]byte, int64) (int, error) { return 0, io.ErrShortWrite }
func (nothing) Length() int64                      { return 0 }

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

// Size implements [Disk].
func (d *NullDisk) Size() int64 { return d.Bytes }

// ReadOnly implements [Disk].
func (d *NullDisk) ReadOnly() bool { return false }

// ReadAt implements [Disk]; dst stays as it is.
func (d *NullDisk) ReadAt(_ io.WriterAt, _, _ int64, done func(error)) { d.complete(done) }

// WriteAt implements [Disk].
func (d *NullDisk) WriteAt(_ io.ReaderAt, _, _ int64, done func(error)) { d.complete(done) }

// Flush implements [Disk].
func (d *NullDisk) Flush(done func(error)) { d.complete(done) }

func (d *NullDisk) complete(done func(error)) {
	if d.Latency <= 0 || d.Clock == nil {
		done(nil)
		return
	}
	d.Clock.AfterFunc(d.Latency, func() { done(nil) })
}

var (
	_ Disk         = (*NullDisk)(nil)
	_ qdev.Backend = (*NullDisk)(nil)
)
