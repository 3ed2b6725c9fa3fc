package fsdev

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/p9"
)

// handle is a file or folder that is open, [p9.File].
type handle struct {
	f  *folder
	fd int
}

var _ p9.File = (*handle)(nil)

func (h *handle) Close() error { return unix.Close(h.fd) }

func (h *handle) ReadAt(p []byte, off int64) (n int, err error) {
	err = retry(func() error {
		n, err = unix.Pread(h.fd, p, off)
		return err
	})
	return max(n, 0), err
}

func (h *handle) WriteAt(p []byte, off int64) (n int, err error) {
	err = retry(func() error {
		n, err = unix.Pwrite(h.fd, p, off)
		return err
	})
	if err == nil && n > 0 && h.f.Writeout {
		unix.SyncFileRange(h.fd, off, int64(n), unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE)
	}
	return max(n, 0), err
}

func (h *handle) Stat() (p9.Stat, error) {
	var raw unix.Stat_t
	if err := unix.Fstat(h.fd, &raw); err != nil {
		return p9.Stat{}, err
	}
	st := statOf(&raw)
	if h.f.security == mapped {
		unmap(&st, func(name string, p []byte) (int, error) { return unix.Fgetxattr(h.fd, name, p) })
	}
	return st, nil
}

func (h *handle) Sync(data bool) error {
	if data {
		return unix.Fdatasync(h.fd)
	}
	return unix.Fsync(h.fd)
}

func (h *handle) Truncate(size uint64) error { return unix.Ftruncate(h.fd, int64(size)) }

func (h *handle) SetTimes(atime, mtime p9.SetTime) error {
	return unix.UtimesNanoAt(unix.AT_FDCWD, procOf(h.fd), timespecs(atime, mtime), 0)
}

// Entries implements [p9.File], by getdents64(2).
func (h *handle) Entries(from uint64, each func(p9.Entry) bool) error {
	if _, err := unix.Seek(h.fd, int64(from), unix.SEEK_SET); err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := unix.Getdents(h.fd, buf)
		if err != nil || n == 0 {
			return err
		}
		for p := buf[:n]; len(p) > 0; {
			const fixed = 19 // inode, offset, length and type stand before the name
			size := binary.NativeEndian.Uint16(p[16:])
			name, _, _ := bytes.Cut(p[fixed:size], []byte{0})
			e := p9.Entry{Name: string(name), Next: binary.NativeEndian.Uint64(p[8:]), Type: p[18]}
			if h.f.security == mapped {
				e.Type = unix.DT_UNKNOWN
			}
			if !each(e) {
				return nil
			}
			p = p[size:]
		}
	}
}
