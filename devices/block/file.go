package block

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/qomd/qomd/devices/chardev"
)

// fileImage is a file or a device of the host.
type fileImage struct {
	g       *Graph
	f       atomic.Pointer[os.File]
	release func() // when the file is closed; nil for files made here
	name    string
	size    atomic.Int64

	hostFile

	// Locks that are held, and those before a change that may be undone.
	held, before, wanted fileLocks
}

// hostFile says how a file is used: as a device, with locks, past the host's cache.
type hostFile struct{ device, locking, direct bool }

// open opens the file for writing too, or for reading alone.
func (h hostFile) open(g *Graph, name string, readOnly bool) (f *os.File, release func(), err error) {
	flags := syscall.O_NONBLOCK // a pipe without a writer must not keep the machine waiting
	if !readOnly {
		flags |= os.O_RDWR
	}
	if h.direct {
		flags |= chardev.Direct
	}
	return g.opts.Open(name, flags)
}

// openFile opens a file of the host. With auto a file that cannot be written
// is opened for reading.
func (g *Graph) openFile(name string, readOnly, auto bool, h hostFile) (i *fileImage, isReadOnly bool, err error) {
	f, release, err := h.open(g, name, readOnly)
	if err != nil && !readOnly && auto && (errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		readOnly = true
		f, release, err = h.open(g, name, readOnly)
	}
	if errors.Is(err, syscall.EISDIR) && !h.device {
		return nil, false, fmt.Errorf("'file' driver requires '%s' to be a regular file", name)
	}
	if err != nil {
		return nil, false, notOpened("Could not open '"+name+"'", err)
	}
	i = &fileImage{g: g, release: release, name: name, hostFile: h}
	i.f.Store(f)
	if err := i.inspect(); err != nil {
		i.Close()
		return nil, false, err
	}
	return i, readOnly, nil
}

// notOpened is why a file was not opened: the host's reason behind what was to be
// done, or what is wrong with the name.
func notOpened(what string, err error) error {
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s: %s", what, reason(err))
	}
	return err
}

// inspect checks what kind of file it is, and finds its size.
func (i *fileImage) inspect() error {
	info, err := i.f.Load().Stat()
	if err != nil {
		return fmt.Errorf("Could not stat '%s': %s", i.name, reason(err))
	}
	special := info.Mode()&os.ModeDevice != 0
	switch {
	case i.device && !special:
		return fmt.Errorf("'host_device' driver requires '%s' to be either a character or block device", i.name)
	case !i.device && !info.Mode().IsRegular():
		return fmt.Errorf("'file' driver requires '%s' to be a regular file", i.name)
	case i.device:
		if end, err := i.f.Load().Seek(0, io.SeekEnd); err == nil {
			i.size.Store(end)
		}
	default:
		i.size.Store(info.Size())
	}
	return nil
}

// alignment is how long requests past the host's cache have to be, in bytes: the
// least that the host does.
func (i *fileImage) alignment() int64 {
	const most = 4096
	buf := make([]byte, 2*most)
	buf = buf[most-int(uintptr(unsafe.Pointer(&buf[0]))%most):]
	for n := int64(1); n < most; n = max(2*n, 512) {
		if _, err := i.f.Load().ReadAt(buf[:n], 0); err == nil || err == io.EOF {
			return n
		}
	}
	return most
}

// reload implements reloader: the file may have grown.
func (i *fileImage) reload(*Node) error { return i.inspect() }

// reason is the text of the system's error alone, as C's strerror gives it.
func reason(err error) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	s := []byte(no.Error())
	if len(s) > 0 && s[0] >= 'a' && s[0] <= 'z' {
		s[0] -= 'a' - 'A'
	}
	return string(s)
}

func (i *fileImage) ReadAt(p []byte, off int64) (int, error) {
	n, err := i.f.Load().ReadAt(p, off)
	if err == io.EOF {
		clear(p[n:])
		err = nil
	}
	if err != nil {
		return n, err
	}
	return len(p), nil
}

func (i *fileImage) WriteAt(p []byte, off int64) (int, error) {
	n, err := i.f.Load().WriteAt(p, off)
	for size := i.size.Load(); !i.device && off+int64(n) > size; size = i.size.Load() {
		if i.size.CompareAndSwap(size, off+int64(n)) {
			break
		}
	}
	return n, err
}

func (i *fileImage) Flush() error { return i.f.Load().Sync() }

// Discard does nothing: the range keeps its content, which is allowed.
func (i *fileImage) Discard(off, n int64) error { return nil }

// Size is rounded up to whole sectors, which is how QEMU counts.
func (i *fileImage) Size() int64 { return (i.size.Load() + 511) &^ 511 }

// Truncate implements resizer.
func (i *fileImage) Truncate(size int64) error {
	if i.device {
		if size > i.Size() {
			return errors.New("Cannot grow device files")
		}
		return nil
	}
	if err := i.f.Load().Truncate(size); err != nil {
		return fmt.Errorf("Failed to resize the file: %s", reason(err))
	}
	i.size.Store(size)
	return nil
}

func (i *fileImage) Close() error {
	if i.release != nil {
		defer i.release()
	}
	return i.f.Load().Close()
}

// actual returns how much room the file takes on the host, in bytes.
func (i *fileImage) actual() int64 {
	var st syscall.Stat_t
	if syscall.Fstat(int(i.f.Load().Fd()), &st) != nil {
		return 0
	}
	return st.Blocks * 512
}

// isDevice reports whether a path leads to a device of the host.
func isDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeDevice != 0
}

// reopen opens the file anew, for writing too or for reading alone, and takes
// its locks over. Requests under way end on the old descriptor.
func (i *fileImage) reopen(readOnly bool) error {
	f, release, err := i.open(i.g, i.name, readOnly)
	if err != nil {
		return notOpened("Could not reopen file", err)
	}
	old, held := i.f.Load(), i.held
	i.f.Store(f)
	i.held = fileLocks{}
	if err := i.apply(held); err != nil {
		i.f.Store(old)
		i.held = held
		f.Close()
		release()
		return err
	}
	defer i.release()
	i.release = release
	return old.Close()
}
