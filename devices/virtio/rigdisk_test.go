package virtio_test

import (
	"errors"
	"io"
)

var errHost = errors.New("the host has trouble")

// ReadAt copies when the request completes, as a host that has its own
// buffers.
func (d *memDisk) ReadAt(dst io.WriterAt, off, n int64, done func(error)) {
	d.Flush(func(error) {
		err := d.fail
		if err == nil {
			dst.WriteAt(d.data[off:off+n], 0)
		}
		done(err)
	})
}

func (d *memDisk) WriteAt(src io.ReaderAt, off, n int64, done func(error)) {
	d.Flush(func(error) {
		err := d.fail
		if err == nil {
			src.ReadAt(d.data[off:off+n], 0)
		}
		done(err)
	})
}
