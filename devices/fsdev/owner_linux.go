package fsdev

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/p9"
)

// Extended attributes in which QEMU keeps what a mapped file is for the guest,
// little endian; the last has 8 bytes, the others 4.
const (
	mappedPrefix = "user.virtfs."
	mappedUID    = mappedPrefix + "uid"
	mappedGID    = mappedPrefix + "gid"
	mappedMode   = mappedPrefix + "mode"
	mappedDevice = mappedPrefix + "rdev"
)

const nobodyElse = 0xffffffff // for uid and gid

// hostMode is the mode with which a file is made on the host.
func (f *folder) hostMode(mode, ifMapped uint32) uint32 {
	if f.security == mapped {
		return ifMapped
	}
	return mode & 0o7777
}

// own makes a new file one of its owner; it is removed where that fails.
func (at place) own(as p9.Owner, removal int) error {
	err := at.give(as)
	if err != nil {
		unix.Unlinkat(at.dir, at.name, removal)
	}
	return err
}

func (at place) give(as p9.Owner) error {
	if at.f.security == mapped {
		if err := at.mapOwner(as.UID, as.GID); err != nil {
			return err
		}
		return at.mapValue(mappedMode, as.Mode)
	}
	if err := at.chown(as.UID, as.GID); err != nil && at.f.security != none {
		return err
	}
	if as.Mode&p9.ModeType == p9.ModeSymlink {
		return nil
	}
	return at.chmod(as.Mode)
}

func (at place) mapValue(name string, v uint32) error {
	return unix.Lsetxattr(at.proc(), name, binary.LittleEndian.AppendUint32(nil, v), 0)
}

func (at place) mapDevice(dev uint64) error {
	return unix.Lsetxattr(at.proc(), mappedDevice, binary.LittleEndian.AppendUint64(nil, dev), 0)
}

func (at place) mapOwner(uid, gid uint32) error {
	if uid != nobodyElse {
		if err := at.mapValue(mappedUID, uid); err != nil {
			return err
		}
	}
	if gid != nobodyElse {
		return at.mapValue(mappedGID, gid)
	}
	return nil
}

// mapMode changes the mode; what sort of file it is stays.
func (at place) mapMode(mode uint32) error {
	st, err := at.stat()
	if err != nil {
		return err
	}
	return at.mapValue(mappedMode, st.Mode&p9.ModeType|mode&0o7777)
}

// unmap puts what the guest sees in place of what the host has.
func unmap(st *p9.Stat, get func(name string, p []byte) (int, error)) {
	var p [8]byte
	value := func(name string, into *uint32) {
		if n, err := get(name, p[:]); err == nil && n == 4 {
			*into = binary.LittleEndian.Uint32(p[:])
		}
	}
	value(mappedUID, &st.UID)
	value(mappedGID, &st.GID)
	value(mappedMode, &st.Mode)
	if n, err := get(mappedDevice, p[:]); err == nil && n == 8 {
		st.Rdev = binary.LittleEndian.Uint64(p[:])
	}
}
