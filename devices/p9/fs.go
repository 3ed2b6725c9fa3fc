package p9

// FS is a tree of files. A path is relative to its root, with slashes between its
// names; the root's is empty. No name in it is empty, "." or "..". Links are never
// followed, not in the middle of a path either. Errors are of type
// [syscall.Errno]; others become EIO.
type FS interface {
	Stat(path string) (Stat, error)
	Statfs(path string) (Statfs, error)
	// Open opens a file or a folder with flags like [OpenWrite].
	Open(path string, flags uint32) (File, error)
	Create(path string, flags uint32, as Owner) (File, error)
	Mkdir(path string, as Owner) error
	Mknod(path string, major, minor uint32, as Owner) error
	Symlink(target, path string, as Owner) error
	Readlink(path string) (string, error)
	Link(old, path string) error
	Rename(old, path string) error
	// Remove removes a file, or a folder that is empty.
	Remove(path string, folder bool) error
	Chmod(path string, mode uint32) error
	// Chown gives it to others; 0xffffffff is nobody else.
	Chown(path string, uid, gid uint32) error
	Truncate(path string, size uint64) error
	SetTimes(path string, atime, mtime SetTime) error
	// Xattr returns an extended attribute, Xattrs all their names, each with a
	// zero byte behind it.
	Xattr(path, name string) ([]byte, error)
	Xattrs(path string) ([]byte, error)
	// SetXattr sets one; flags are those of setxattr(2).
	SetXattr(path, name string, value []byte, flags uint32) error
	RemoveXattr(path, name string) error
	// Close lets the tree go.
	Close() error
}

// File is a file or folder that is open.
type File interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Stat() (Stat, error)
	Sync(data bool) error
	Truncate(size uint64) error
	SetTimes(atime, mtime SetTime) error
	// Entries reads a folder from a place on, 0 or what an entry said, until
	// each returns false.
	Entries(from uint64, each func(Entry) bool) error
	Close() error
}

// Owner is whose a new file is, and what its mode is, type included.
type Owner struct{ Mode, UID, GID uint32 }

// Entry is an entry of a folder.
type Entry struct {
	Name string
	Next uint64 // place of the entry behind it
	Type uint8  // as in struct dirent
}

// Stat is what there is to know of a file.
type Stat struct {
	Mode, UID, GID      uint32
	Dev, Ino, Nlink     uint64
	Rdev, Size          uint64
	Blksize, Blocks     uint64
	Atime, Mtime, Ctime Time
}

// Time is a time as files have it.
type Time struct{ Sec, Nsec uint64 }

// SetTime is what becomes of a file's time: nothing, now, or another one.
type SetTime struct {
	Set, Now bool
	To       Time
}

// Statfs is what there is to know of a file system.
type Statfs struct {
	Type, Bsize                         uint32
	Blocks, Bfree, Bavail, Files, Ffree uint64
	FSID                                uint64
	Namelen                             uint32
}
