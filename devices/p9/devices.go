package p9

import (
	"log/slog"
	"slices"
	"syscall"
)

// Devices is what to do when an export has files of several file systems, whose
// inode numbers may be the same.
type Devices int

const (
	WarnDevices   Devices = iota // a line in the log, once
	RemapDevices                 // other numbers
	ForbidDevices                // they cannot be reached
)

// devices makes the numbers by which a client tells files apart.
type devices struct {
	policy Devices
	seen   []uint64
	warned bool
}

// inodeBits are those of a number that a file system may use, where the others
// tell file systems apart.
const inodeBits = 48

// path returns the number of a file.
func (d *devices) path(st *Stat, log *slog.Logger) (uint64, error) {
	i := slices.Index(d.seen, st.Dev)
	if i < 0 {
		i = len(d.seen)
		if i == 0 || d.policy == RemapDevices {
			d.seen = append(d.seen, st.Dev)
		}
	}
	switch {
	case i == 0:
	case d.policy == WarnDevices && !d.warned:
		d.warned = true
		log.Warn("9p: Multiple devices detected in same VirtFS export, which might lead to file ID collisions and severe misbehaviours on guest! " +
			"You should either use a separate export for each device shared from host or use virtfs option 'multidevs=remap'!")
	case d.policy == ForbidDevices:
		if !d.warned {
			d.warned = true
			log.Error("9p: Multiple devices detected in same VirtFS export. Access of guest to additional devices is (partly) denied " +
				"due to virtfs option 'multidevs=forbid' being effective.")
		}
		return 0, syscall.ENODEV
	}
	if d.policy != RemapDevices {
		return st.Ino, nil
	}
	if st.Ino>>inodeBits != 0 || i>>(64-inodeBits) != 0 {
		return 0, syscall.ENFILE
	}
	return uint64(i)<<inodeBits | st.Ino, nil
}

// qid returns what a client knows a file by.
func (s *Server) qid(st *Stat) (qid, error) {
	q := qid{version: uint32(st.Mtime.Sec) ^ uint32(st.Size<<8)}
	switch st.Mode & ModeType {
	case ModeDir:
		q.kind = qidDir
	case ModeSymlink:
		q.kind = qidLink
	}
	var err error
	q.path, err = s.devices.path(st, s.opts.Log)
	return q, err
}
