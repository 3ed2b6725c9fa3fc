package qcow2

import (
	"errors"
	"time"
)

// Sizes of an entry of the snapshot table, in bytes: the fields that are always
// there, and those that can follow them and that we know.
const (
	snapshotFixed = 40
	snapshotExtra = 24
)

var errSnapshotTable = errors.New("Could not read snapshots: the snapshot table is not valid")

// readSnapshots reads the table.
func (i *Image) readSnapshots() error {
	if i.h.snapshotCount > maxSnapshots {
		return errors.New("Snapshot table too large")
	}
	i.snapshots = nil
	at := int64(i.h.snapshots)
	if i.h.snapshotCount > 0 && (at <= 0 || at&(i.h.ClusterSize()-1) != 0) {
		return errors.New("Snapshot table offset invalid")
	}
	for range i.h.snapshotCount {
		s, n, err := i.readSnapshot(at)
		if err != nil {
			return err
		}
		if at += n; at-int64(i.h.snapshots) > maxSnapshotTable {
			return errSnapshotTable
		}
		i.snapshots = append(i.snapshots, s)
	}
	i.snapshotBytes = at - int64(i.h.snapshots)
	return nil
}

// readSnapshot reads one entry, and tells how long it is.
func (i *Image) readSnapshot(at int64) (s Snapshot, length int64, err error) {
	var b [snapshotFixed]byte
	if _, err := i.f.ReadAt(b[:], at); err != nil {
		return s, 0, err
	}
	extra, id, name := int64(be.Uint32(b[36:])), int64(be.Uint16(b[12:])), int64(be.Uint16(b[14:]))
	if extra > 1024 {
		return s, 0, errors.New("Could not read snapshots: too much extra metadata in a snapshot table entry")
	}
	rest := make([]byte, extra+id+name)
	if _, err := i.f.ReadAt(rest, at+snapshotFixed); err != nil {
		return s, 0, err
	}
	s = Snapshot{
		ID: string(rest[extra : extra+id]), Name: string(rest[extra+id:]),
		Date:  time.Unix(int64(be.Uint32(b[16:])), int64(be.Uint32(b[20:]))),
		Clock: time.Duration(be.Uint64(b[24:])), StateSize: int64(be.Uint32(b[32:])), ICount: -1,
		DiskSize: i.h.Size, // where the entry does not say
		l1At:     int64(be.Uint64(b[:])), l1Len: be.Uint32(b[8:]),
	}
	if extra >= 8 {
		s.StateSize = int64(be.Uint64(rest))
	}
	if extra >= 16 {
		s.DiskSize = int64(be.Uint64(rest[8:]))
	}
	if extra >= snapshotExtra {
		s.ICount = int64(be.Uint64(rest[16:]))
		s.extra = rest[snapshotExtra:extra]
	}
	switch {
	case s.l1Len > 32<<20/8:
		return s, 0, errors.New("Snapshot L1 table too large")
	case s.l1At <= 0 || s.l1At&(i.h.ClusterSize()-1) != 0:
		return s, 0, errors.New("Snapshot L1 table offset invalid")
	case s.StateSize < 0 || s.DiskSize < 0 || s.DiskSize > int64(s.l1Len)<<(2*i.h.ClusterBits-3):
		return s, 0, errSnapshotTable
	}
	return s, (snapshotFixed + int64(len(rest)) + 7) &^ 7, nil
}

// append appends an entry to a table.
func (s *Snapshot) append(b []byte) []byte {
	b = be.AppendUint64(b, uint64(s.l1At))
	b = be.AppendUint32(b, s.l1Len)
	b = be.AppendUint16(b, uint16(len(s.ID)))
	b = be.AppendUint16(b, uint16(len(s.Name)))
	b = be.AppendUint32(b, uint32(s.Date.Unix()))
	b = be.AppendUint32(b, uint32(s.Date.Nanosecond()))
	b = be.AppendUint64(b, uint64(s.Clock))
	small := s.StateSize
	if small > 1<<32-1 {
		small = 0 // it does not fit here, but below
	}
	b = be.AppendUint32(b, uint32(small))
	b = be.AppendUint32(b, uint32(snapshotExtra+len(s.extra)))
	b = be.AppendUint64(b, uint64(s.StateSize))
	b = be.AppendUint64(b, uint64(s.DiskSize))
	b = be.AppendUint64(b, uint64(s.ICount))
	b = append(b, s.extra...)
	b = append(append(b, s.ID...), s.Name...)
	return append(b, make([]byte, -len(b)&7)...)
}

// storeSnapshots writes a table with other entries, makes it the one that
// counts, and gives up the old one.
func (i *Image) storeSnapshots(list []Snapshot) error {
	var b []byte
	for k := range list {
		b = list[k].append(b)
	}
	if len(b) > maxSnapshotTable {
		return errors.New("File too large")
	}
	at, err := i.placeTable(b)
	if err != nil {
		return err
	}
	oldAt, oldCount, oldBytes := i.h.snapshots, i.h.snapshotCount, i.snapshotBytes
	i.h.snapshots, i.h.snapshotCount = uint64(at), uint64(len(list))
	if err := i.storeHeader(); err != nil {
		i.h.snapshots, i.h.snapshotCount = oldAt, oldCount
		return err
	}
	i.snapshots, i.snapshotBytes = list, int64(len(b))
	i.show()
	if oldBytes == 0 {
		return nil
	}
	return i.release(int64(oldAt), oldBytes)
}
