package qdev

import (
	"errors"
	"io"
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
	// Length is the size in bytes.
	Length() int64
}

// DiskOf returns the disk behind a backend. One that is no [Disk] but has
// content is read and written at once; others, and nil, are empty.
func DiskOf(b Backend) Disk {
	switch b := b.(type) {
	case interface{ Async() Disk }:
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
