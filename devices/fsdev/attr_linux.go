package fsdev

import (
	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/p9"
)

func (f *folder) Stat(p string) (st p9.Stat, err error) {
	err = f.at(p, func(at place) error {
		st, err = at.stat()
		return err
	})
	return st, err
}

// stat returns what a guest sees of the file.
func (at place) stat() (p9.Stat, error) {
	var raw unix.Stat_t
	if err := unix.Fstatat(at.dir, at.name, &raw, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return p9.Stat{}, err
	}
	st := statOf(&raw)
	if at.f.security == mapped {
		unmap(&st, func(name string, p []byte) (int, error) { return unix.Lgetxattr(at.proc(), name, p) })
	}
	return st, nil
}

func statOf(raw *unix.Stat_t) p9.Stat {
	when := func(t unix.Timespec) p9.Time { return p9.Time{Sec: uint64(t.Sec), Nsec: uint64(t.Nsec)} }
	return p9.Stat{
		Mode: raw.Mode, UID: raw.Uid, GID: raw.Gid,
		Dev: uint64(raw.Dev), Ino: raw.Ino, Nlink: uint64(raw.Nlink), Rdev: uint64(raw.Rdev),
		Size: uint64(raw.Size), Blksize: uint64(raw.Blksize), Blocks: uint64(raw.Blocks),
		Atime: when(raw.Atim), Mtime: when(raw.Mtim), Ctime: when(raw.Ctim),
	}
}

func (f *folder) Statfs(p string) (p9.Statfs, error) {
	var raw unix.Statfs_t
	err := f.at(p, func(at place) error {
		return at.pin(func(fd int, _ string) error { return unix.Fstatfs(fd, &raw) })
	})
	return p9.Statfs{
		Type: uint32(raw.Type), Bsize: uint32(raw.Bsize), Namelen: uint32(raw.Namelen),
		Blocks: raw.Blocks, Bfree: raw.Bfree, Bavail: raw.Bavail, Files: raw.Files, Ffree: raw.Ffree,
		FSID: uint64(uint32(raw.Fsid.Val[0])) | uint64(uint32(raw.Fsid.Val[1]))<<32,
	}, err
}

func (f *folder) Chmod(p string, mode uint32) error {
	return f.at(p, func(at place) error {
		if f.security == mapped {
			return at.mapMode(mode)
		}
		return at.chmod(mode)
	})
}

func (at place) chmod(mode uint32) error {
	return at.pin(func(_ int, path string) error { return unix.Chmod(path, mode&0o7777) })
}

func (f *folder) Chown(p string, uid, gid uint32) error {
	return f.at(p, func(at place) error {
		if f.security == mapped {
			return at.mapOwner(uid, gid)
		}
		return at.chown(uid, gid)
	})
}

func (at place) chown(uid, gid uint32) error {
	return unix.Fchownat(at.dir, at.name, int(int32(uid)), int(int32(gid)), unix.AT_SYMLINK_NOFOLLOW)
}

func (f *folder) Truncate(p string, size uint64) error {
	return f.at(p, func(at place) error {
		return at.pin(func(_ int, path string) error { return unix.Truncate(path, int64(size)) })
	})
}

func (f *folder) SetTimes(p string, atime, mtime p9.SetTime) error {
	return f.at(p, func(at place) error {
		return unix.UtimesNanoAt(at.dir, at.name, timespecs(atime, mtime), unix.AT_SYMLINK_NOFOLLOW)
	})
}

func timespecs(times ...p9.SetTime) []unix.Timespec {
	list := make([]unix.Timespec, len(times))
	for i, t := range times {
		switch {
		case !t.Set:
			list[i].Nsec = unix.UTIME_OMIT
		case t.Now:
			list[i].Nsec = unix.UTIME_NOW
		default:
			list[i] = unix.Timespec{Sec: int64(t.To.Sec), Nsec: int64(t.To.Nsec)}
		}
	}
	return list
}
