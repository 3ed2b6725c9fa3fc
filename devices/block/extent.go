package block

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// extentKind says where the content of a range comes from.
type extentKind uint8

const (
	extentData   extentKind = iota // from the image itself
	extentZero                     // it is zeros
	extentBehind                   // from the backing image, if there is one
)

// mapper is an image that can tell where its content comes from. For others
// everything is data.
type mapper interface {
	// extent tells of the range at off, and for how many bytes, n at most, it
	// holds.
	extent(off, n int64) (k extentKind, length int64, err error)
}

// zeroer is an image that can make a range read as zeros without keeping them.
type zeroer interface{ WriteZeroes(off, n int64) error }

// extent is the mapper of any image.
func extent(img image, off, n int64) (extentKind, int64, error) {
	if m, ok := img.(mapper); ok {
		return m.extent(off, n)
	}
	return extentData, n, nil
}

// writeZeroes makes a range of any image read as zeros.
func writeZeroes(img image, off, n int64) error {
	if z, ok := img.(zeroer); ok {
		return z.WriteZeroes(off, n)
	}
	return zeroByHand(img, off, n)
}

func zeroByHand(img image, off, n int64) error {
	zeros := make([]byte, min(n, chunk))
	for n > 0 {
		part := min(n, chunk)
		if _, err := img.WriteAt(zeros[:part], off); err != nil {
			return err
		}
		off, n = off+part, n-part
	}
	return nil
}

func (i *nullImage) extent(off, n int64) (extentKind, int64, error) { return extentZero, n, nil }

func (i *childImage) extent(off, n int64) (extentKind, int64, error) {
	k, length, err := extent(i.child(), off+i.offset, n)
	if k == extentBehind && i.opaque {
		k = extentData
	}
	return k, length, err
}

// WriteZeroes implements zeroer.
func (i *childImage) WriteZeroes(off, n int64) error {
	if err := i.fault.check("write", off, int(n)); err != nil {
		return err
	}
	return writeZeroes(i.child(), off+i.offset, n)
}

// extent finds the holes of a file.
func (i *fileImage) extent(off, n int64) (extentKind, int64, error) {
	fd := int(i.f.Load().Fd())
	data, err := syscall.Seek(fd, off, unix.SEEK_DATA)
	switch {
	case err == syscall.ENXIO: // a hole up to the end
		return extentZero, n, nil
	case err != nil:
		return extentData, n, nil
	case data > off:
		return extentZero, min(data-off, n), nil
	}
	hole, err := syscall.Seek(fd, off, unix.SEEK_HOLE)
	if err != nil || hole <= off {
		return extentData, n, nil
	}
	return extentData, min(hole-off, n), nil
}

// WriteZeroes makes a hole, or writes where the host cannot make one.
func (i *fileImage) WriteZeroes(off, n int64) error {
	if !i.device && makeHole(i.f.Load(), off, n) == nil {
		return nil
	}
	return zeroByHand(i, off, n)
}
