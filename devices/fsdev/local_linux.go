package fsdev

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/p9"
)

// folder is a [Folder].
type folder struct {
	*Export
	root int
}

var _ Folder = (*folder)(nil)

// Open opens the folder, so that its files can be served.
func (e *Export) Open() (Folder, error) {
	fd, err := unix.Open(e.Path, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, e.openError(err)
	}
	return &folder{e, fd}, nil
}

func (f *folder) Again() (p9.FS, error) {
	fd, err := unix.FcntlInt(uintptr(f.root), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &folder{f.Export, fd}, nil
}

func (f *folder) Close() error { return unix.Close(f.root) }

// place is where a path is: a name in a folder that is open.
type place struct {
	f    *folder
	dir  int
	name string
}

// find walks to the folder of a path. The place has to be left.
func (f *folder) find(p string) (place, error) {
	dir, name := path.Split(p)
	if name == "" {
		return place{f, f.root, "."}, nil
	}
	at := place{f, f.root, name}
	for part := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if part == "" {
			break
		}
		next, err := openat(at.dir, part, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
		at.leave()
		if err != nil {
			return place{}, err
		}
		at.dir = next
	}
	return at, nil
}

func (at place) leave() {
	if at.dir != at.f.root {
		unix.Close(at.dir)
	}
}

// openat is openat(2) for a descriptor that no other program inherits.
func openat(dir int, name string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}

// retry does a call again that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// at does something at the place of a path.
func (f *folder) at(p string, do func(at place) error) error {
	at, err := f.find(p)
	if err != nil {
		return err
	}
	defer at.leave()
	return do(at)
}

// both does something with two places.
func (f *folder) both(p, q string, do func(a, b place) error) error {
	return f.at(p, func(a place) error {
		return f.at(q, func(b place) error { return do(a, b) })
	})
}

// proc is a path of the place, for calls that take no folder. Such a call must not
// follow a link at its end.
func (at place) proc() string { return fmt.Sprintf("/proc/self/fd/%d/%s", at.dir, at.name) }

// pin does something with what is at the place, itself and not what it may lead
// to: fd is good for no more than a look at it, path stands for it otherwise.
func (at place) pin(do func(fd int, path string) error) error {
	fd, err := openat(at.dir, at.name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return do(fd, procOf(fd))
}

func procOf(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// Open implements [p9.FS]. What it is, is looked at before it is opened, for to
// open a device may do something.
func (f *folder) Open(p string, flags uint32) (p9.File, error) {
	h := &handle{f: f}
	err := f.at(p, func(at place) error {
		return at.pin(func(fd int, path string) error {
			var st unix.Stat_t
			if err := unix.Fstat(fd, &st); err != nil {
				return err
			}
			switch st.Mode & unix.S_IFMT {
			case unix.S_IFREG, unix.S_IFDIR:
			case unix.S_IFLNK:
				return unix.ELOOP
			default:
				return unix.ENXIO
			}
			var err error
			h.fd, err = openat(unix.AT_FDCWD, path, systemFlags(flags)&^unix.O_EXCL, 0)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// openFlags are the flags of a message that mean something here, as this system
// has them.
var openFlags = []struct {
	flag   uint32
	system int
}{
	{p9.OpenWrite, unix.O_WRONLY}, {p9.OpenReadWrite, unix.O_RDWR}, {p9.OpenExclusive, unix.O_EXCL}, {p9.OpenTruncate, unix.O_TRUNC},
	{p9.OpenAppend, unix.O_APPEND}, {p9.OpenDataSync, unix.O_DSYNC}, {p9.OpenDirectory, unix.O_DIRECTORY}, {p9.OpenSync, unix.O_SYNC},
}

func systemFlags(flags uint32) int {
	s := unix.O_NOCTTY
	for _, f := range openFlags {
		if flags&f.flag != 0 {
			s |= f.system
		}
	}
	return s
}
