package fsdev

import (
	"strings"

	"golang.org/x/sys/unix"
)

// mostXattr is the longest value, or list of names, that Linux has.
const mostXattr = 64 << 10

const aclPrefix = "system.posix_acl_"

// hostName returns what the host calls an attribute of the guest: those of users,
// and access lists, which mapped files have among those of users.
func (f *folder) hostName(name string, hidden error) (string, error) {
	switch {
	case strings.HasPrefix(name, aclPrefix) && f.security == mapped:
		return mappedPrefix + name, nil
	case strings.HasPrefix(name, aclPrefix) && f.security == passthrough:
		return name, nil
	case !strings.HasPrefix(name, "user."):
		return "", unix.EOPNOTSUPP
	case strings.HasPrefix(name, mappedPrefix) && f.security == mapped:
		return "", hidden
	}
	return name, nil
}

// guestName is the reverse; empty for attributes that the guest does not see.
func (f *folder) guestName(name string) string {
	rest, special := strings.CutPrefix(name, mappedPrefix)
	switch {
	case f.security == mapped && special && strings.HasPrefix(rest, aclPrefix):
		return rest
	case f.security == mapped && special:
		return ""
	case strings.HasPrefix(name, "user."), f.security == passthrough && strings.HasPrefix(name, aclPrefix):
		return name
	}
	return ""
}

func (f *folder) Xattr(p, name string) (value []byte, err error) {
	name, err = f.hostName(name, unix.ENODATA)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, mostXattr)
	err = f.at(p, func(at place) error {
		n, err := unix.Lgetxattr(at.proc(), name, buf)
		value = buf[:max(n, 0):max(n, 0)]
		return err
	})
	return value, err
}

func (f *folder) Xattrs(p string) (list []byte, err error) {
	buf := make([]byte, mostXattr)
	err = f.at(p, func(at place) error {
		n, err := unix.Llistxattr(at.proc(), buf)
		buf = buf[:max(n, 0)]
		return err
	})
	for name := range strings.SplitSeq(strings.TrimSuffix(string(buf), "\x00"), "\x00") {
		if name = f.guestName(name); name != "" {
			list = append(append(list, name...), 0)
		}
	}
	return list, err
}

func (f *folder) SetXattr(p, name string, value []byte, flags uint32) error {
	name, err := f.hostName(name, unix.EACCES)
	if err != nil {
		return err
	}
	return f.at(p, func(at place) error { return unix.Lsetxattr(at.proc(), name, value, int(flags)) })
}

func (f *folder) RemoveXattr(p, name string) error {
	name, err := f.hostName(name, unix.EACCES)
	if err != nil {
		return err
	}
	return f.at(p, func(at place) error { return unix.Lremovexattr(at.proc(), name) })
}
