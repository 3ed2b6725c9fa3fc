package block

import (
	"errors"
	"io"
	"time"
)

// image is the data of a node. Its methods are safe for concurrent use, need
// no lock, and may take as long as the host's files do.
type image interface {
	// ReadAt fills p; what lies behind the end reads as zeros.
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Flush() error
	// Discard says that the content of a range is not needed any more.
	Discard(off, n int64) error
	// Size is the length in bytes.
	Size() int64
	Close() error
}

// resizer is an image whose length can be changed.
type resizer interface{ Truncate(size int64) error }

// pacer is an image whose requests take virtual time.
type pacer interface {
	// pace returns how long a request over n bytes is to wait.
	pace(write bool, n int64) time.Duration
}

// instant marks images that never block: requests need no goroutine.
type instant interface{ instant() bool }

var (
	errReadOnly    = errors.New("Block node is read-only")
	errNoMedium    = errors.New("No medium found")
	errCannotGrow  = errors.New("Image format driver does not support resize")
	errInactive    = errors.New("block node is inactive")
	errOutOfBounds = errors.New("request beyond the end of the image")
)

// nullImage discards what is written.
type nullImage struct {
	size    int64
	latency time.Duration
}

// ReadAt leaves nothing undefined, with or without read-zeroes: a host that
// hands old memory to a guest would be no use to a test.
func (i *nullImage) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	return len(p), nil
}

func (i *nullImage) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }
func (i *nullImage) Flush() error                             { return nil }
func (i *nullImage) Discard(off, n int64) error               { return nil }
func (i *nullImage) Size() int64                              { return (i.size + 511) &^ 511 } // whole sectors, as everywhere
func (i *nullImage) Close() error                             { return nil }
func (i *nullImage) pace(write bool, n int64) time.Duration   { return i.latency }
func (i *nullImage) instant() bool                            { return true }

// childImage passes everything on to a child, from offset on. It is the data
// of raw nodes and of filters.
type childImage struct {
	edge   *Edge
	offset int64
	size   int64 // -1: whatever follows offset
	opaque bool  // what is behind the child is part of it
	fault  *faults

	guarded bool // see guardFormat
}

func (i *childImage) child() image { return i.edge.Node().img }

func (i *childImage) Size() int64 {
	if i.size >= 0 {
		return i.size
	}
	return max(i.child().Size()-i.offset, 0)
}

// within cuts a request to the part that lies inside.
func (i *childImage) within(n int, off int64) int {
	return int(max(min(int64(n), i.Size()-off), 0))
}

func (i *childImage) ReadAt(p []byte, off int64) (int, error) {
	if err := i.fault.check("read", off, len(p)); err != nil {
		return 0, err
	}
	n := i.within(len(p), off)
	clear(p[n:])
	if n > 0 {
		if _, err := i.child().ReadAt(p[:n], off+i.offset); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (i *childImage) WriteAt(p []byte, off int64) (int, error) {
	if err := i.fault.check("write", off, len(p)); err != nil {
		return 0, err
	}
	if i.within(len(p), off) < len(p) {
		return 0, io.ErrShortWrite
	}
	if i.guarded {
		if err := guardFormat(i, p, off); err != nil {
			return 0, err
		}
	}
	return i.child().WriteAt(p, off+i.offset)
}

func (i *childImage) Flush() error {
	if err := i.fault.check("flush", 0, 0); err != nil {
		return err
	}
	return i.child().Flush()
}

func (i *childImage) Discard(off, n int64) error { return i.child().Discard(off+i.offset, n) }

// Truncate implements resizer; only a node without limits of its own grows.
func (i *childImage) Truncate(size int64) error {
	r, ok := i.child().(resizer)
	switch {
	case i.size >= 0:
		return errors.New("Cannot resize fixed-size raw disks")
	case !ok:
		return errCannotGrow
	}
	return r.Truncate(size + i.offset)
}

func (i *childImage) Close() error { return nil }

func (i *childImage) pace(write bool, n int64) time.Duration {
	if p, ok := i.child().(pacer); ok {
		return p.pace(write, n)
	}
	return 0
}

func (i *childImage) instant() bool {
	c, ok := i.child().(instant)
	return ok && c.instant()
}
