package fsdev

import (
	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/p9"
)

// Create implements [p9.FS]. A file that is there already is opened.
func (f *folder) Create(p string, flags uint32, as p9.Owner) (p9.File, error) {
	h := &handle{f: f}
	err := f.at(p, func(at place) (err error) {
		h.fd, err = openat(at.dir, at.name, systemFlags(flags)|unix.O_CREAT|unix.O_EXCL, f.hostMode(as.Mode, f.fmode))
		if err != nil {
			return err
		}
		if err = at.own(as, 0); err != nil {
			unix.Close(h.fd)
		}
		return err
	})
	switch {
	case err == unix.EEXIST && flags&p9.OpenExclusive == 0:
		return f.Open(p, flags)
	case err != nil:
		return nil, err
	}
	return h, nil
}

func (f *folder) Mkdir(p string, as p9.Owner) error {
	return f.at(p, func(at place) error {
		if err := unix.Mkdirat(at.dir, at.name, f.hostMode(as.Mode, f.dmode)); err != nil {
			return err
		}
		return at.own(as, unix.AT_REMOVEDIR)
	})
}

func (f *folder) Mknod(p string, major, minor uint32, as p9.Owner) error {
	return f.at(p, func(at place) error {
		dev := unix.Mkdev(major, minor)
		if f.security != mapped {
			err := unix.Mknodat(at.dir, at.name, as.Mode, int(dev))
			if err != nil {
				return err
			}
			return at.own(as, 0)
		}
		if err := unix.Mknodat(at.dir, at.name, unix.S_IFREG|f.fmode, 0); err != nil {
			return err
		}
		if err := at.own(as, 0); err != nil {
			return err
		}
		return at.mapDevice(dev)
	})
}

func (f *folder) Symlink(target, p string, as p9.Owner) error {
	return f.at(p, func(at place) error {
		if f.security != mapped {
			if err := unix.Symlinkat(target, at.dir, at.name); err != nil {
				return err
			}
			return at.own(as, 0)
		}
		fd, err := openat(at.dir, at.name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY, f.fmode)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := at.own(as, 0); err != nil {
			return err
		}
		_, err = unix.Pwrite(fd, []byte(target), 0)
		return err
	})
}

func (f *folder) Readlink(p string) (target string, err error) {
	buf := make([]byte, unix.PathMax)
	err = f.at(p, func(at place) error {
		n, err := unix.Readlinkat(at.dir, at.name, buf)
		if err == nil {
			target = string(buf[:n])
		}
		return err
	})
	if err == unix.EINVAL && f.security == mapped {
		return f.mappedLink(p)
	}
	return target, err
}

// mappedLink reads a link that is a file on the host.
func (f *folder) mappedLink(p string) (string, error) {
	file, err := f.Open(p, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if st, err := file.Stat(); err != nil || st.Mode&p9.ModeType != p9.ModeSymlink {
		return "", unix.EINVAL
	}
	buf := make([]byte, unix.PathMax)
	n, err := file.ReadAt(buf, 0)
	return string(buf[:n]), err
}

func (f *folder) Link(old, p string) error {
	return f.both(old, p, func(a, b place) error { return unix.Linkat(a.dir, a.name, b.dir, b.name, 0) })
}

func (f *folder) Rename(old, p string) error {
	return f.both(old, p, func(a, b place) error { return unix.Renameat(a.dir, a.name, b.dir, b.name) })
}

func (f *folder) Remove(p string, folder bool) error {
	return f.at(p, func(at place) error {
		flags := 0
		if folder {
			flags = unix.AT_REMOVEDIR
		}
		return unix.Unlinkat(at.dir, at.name, flags)
	})
}
