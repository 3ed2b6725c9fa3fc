package qcow2

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// Snapshot is an entry of the snapshot table: what the disk was at a time, and
// perhaps the state of a machine with it.
type Snapshot struct {
	ID, Name  string
	Date      time.Time     // when it was taken; of the host, to the nanosecond
	Clock     time.Duration // of the machine then
	StateSize int64         // bytes of the machine's state, 0: only the disk
	DiskSize  int64         // bytes that a guest saw
	ICount    int64         // instructions executed, -1: not counted

	l1At  int64
	l1Len uint32
	extra []byte // further fields that we do not know
}

// Limits of the table, those of QEMU.
const (
	maxSnapshots     = 65536
	maxSnapshotTable = 1024 * maxSnapshots
)

// Snapshot keeps what the disk is now, and what was written by
// [Image.WriteState], as one more snapshot. The image chooses the id.
func (i *Image) Snapshot(s Snapshot) (Snapshot, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case !i.writable:
		return s, errReadOnly
	case len(i.snapshots) >= maxSnapshots:
		return s, errors.New("File too large")
	}
	s.ID, s.DiskSize = i.newSnapshotID(), i.h.Size
	at, err := i.storeL1(i.l1, entryOffset)
	if err != nil {
		return s, err
	}
	s.l1At, s.l1Len = at, uint32(len(i.l1))
	if err := i.share(i.l1); err != nil {
		return s, errors.Join(err, i.release(at, int64(len(i.l1))*8))
	}
	if err := i.markCopied(); err != nil {
		return s, err
	}
	if err := i.f.Flush(); err != nil {
		return s, err
	}
	if err := i.storeSnapshots(append(slices.Clone(i.snapshots), s)); err != nil {
		return s, err
	}
	return s, i.dropState()
}

// newSnapshotID is one more than the largest there is.
func (i *Image) newSnapshotID() string {
	most := uint64(0)
	for _, s := range i.snapshots {
		if n, err := strconv.ParseUint(s.ID, 10, 64); err == nil {
			most = max(most, n)
		}
	}
	return strconv.FormatUint(most+1, 10)
}

// ErrNoSnapshot is the answer to an id that no snapshot has.
var ErrNoSnapshot = errors.New("Can't find snapshot")

func (i *Image) snapshotOf(id string) (int, error) {
	n := slices.IndexFunc(i.snapshots, func(s Snapshot) bool { return s.ID == id })
	if n < 0 {
		return n, ErrNoSnapshot
	}
	return n, nil
}

// toChange finds a snapshot of an image that may be written to, and its L1 table.
func (i *Image) toChange(id string) (n int, l1 []uint64, err error) {
	if !i.writable {
		return 0, nil, errReadOnly
	}
	if n, err = i.snapshotOf(id); err != nil {
		return 0, nil, err
	}
	l1, err = i.readL1(i.snapshots[n].l1At, i.snapshots[n].l1Len)
	return n, l1, err
}

// DeleteSnapshot forgets a snapshot, and gives up what only it had.
func (i *Image) DeleteSnapshot(id string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	n, l1, err := i.toChange(id)
	if err != nil {
		return err
	}
	s := i.snapshots[n]
	if err := i.storeSnapshots(slices.Delete(slices.Clone(i.snapshots), n, n+1)); err != nil {
		return err
	}
	if err := i.unshare(l1, s.l1At); err != nil {
		return err
	}
	return i.markCopied()
}

// Revert makes the disk what it was when a snapshot was taken, its size
// included; the state that was kept with it can be read by [Image.ReadState].
func (i *Image) Revert(id string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	n, l1, err := i.toChange(id)
	if err != nil {
		return err
	}
	s := i.snapshots[n]
	for k := range l1 {
		l1[k] &= entryOffset // nothing is the disk's alone, see markCopied
	}
	if err := i.share(l1); err != nil {
		return err
	}
	at, err := i.storeL1(l1, entryOffset)
	if err != nil {
		return err
	}
	if err := i.outdateBitmaps(s.DiskSize); err != nil {
		return err
	}
	old, oldAt := i.l1, i.h.l1At
	i.l1, i.h.l1At, i.h.l1Len, i.h.Size = l1, at, s.l1Len, s.DiskSize
	if err := i.f.Flush(); err != nil {
		return err
	}
	if err := i.storeHeader(); err != nil {
		return err
	}
	if err := i.unshare(old, oldAt); err != nil {
		return err
	}
	return i.markCopied()
}

// readL1 reads a first table.
func (i *Image) readL1(at int64, n uint32) ([]uint64, error) {
	raw := make([]byte, int64(n)*8)
	if _, err := i.f.ReadAt(raw, at); err != nil {
		return nil, err
	}
	l1 := make([]uint64, n)
	for k := range l1 {
		l1[k] = be.Uint64(raw[k*8:])
	}
	return l1, nil
}

// storeL1 writes a copy of a first table into new clusters, of every entry the
// bits of a mask.
func (i *Image) storeL1(l1 []uint64, mask uint64) (at int64, err error) {
	cs := i.h.ClusterSize()
	clusters := max((int64(len(l1))*8+cs-1)/cs, 1)
	if at, err = i.alloc(clusters); err != nil {
		return 0, err
	}
	raw := make([]byte, 0, clusters*cs)
	for _, e := range l1 {
		raw = be.AppendUint64(raw, e&mask)
	}
	_, err = i.f.WriteAt(raw[:cap(raw)], at)
	return at, err
}

// share counts one more use of all that a first table leads to: of all, or with
// an error of nothing.
func (i *Image) share(l1 []uint64) error {
	done := 0
	err := i.eachUse(l1, func(at, n int64) error {
		done++
		return i.use(at, n, 1)
	})
	if err == nil {
		return nil
	}
	undo := i.eachUse(l1, func(at, n int64) error {
		if done--; done <= 0 {
			return nil
		}
		return i.release(at, n)
	})
	return errors.Join(err, undo)
}

// unshare drops one use of all that a first table leads to, and the clusters
// that it lay in.
func (i *Image) unshare(l1 []uint64, at int64) error {
	if err := i.eachUse(l1, i.release); err != nil {
		return err
	}
	return i.release(at, max(int64(len(l1))*8, 1))
}

// eachUse tells of every range of the file that a first table leads to: the
// data first, the second table that leads there afterwards.
func (i *Image) eachUse(l1 []uint64, f func(at, n int64) error) error {
	cs := i.h.ClusterSize()
	for _, e := range l1 {
		at := int64(e & entryOffset)
		if at == 0 {
			continue
		}
		shared, err := i.tables.get(i, at)
		if err != nil {
			return err
		}
		table := slices.Clone(shared)
		for k := int64(0); k < cs; k += 8 {
			if err := i.entryUse(be.Uint64(table[k:]), f); err != nil {
				return err
			}
		}
		if err := f(at, cs); err != nil {
			return err
		}
	}
	return nil
}

// entryUse tells of the range that an entry leads to, if it does.
func (i *Image) entryUse(e uint64, f func(at, n int64) error) error {
	if e&entryCompressed != 0 {
		return f(i.compressed(e))
	}
	if e&entryOffset == 0 {
		return nil
	}
	return f(int64(e&entryOffset), i.h.ClusterSize())
}

// markCopied makes the entries of the active tables say again whether what they
// lead to is theirs alone.
func (i *Image) markCopied() error {
	for k, e := range i.l1 {
		at := int64(e & entryOffset)
		if at == 0 {
			continue
		}
		now, err := i.marked(e)
		if err != nil {
			return err
		}
		if err := i.markTable(at); err != nil {
			return err
		}
		if now == e {
			continue
		}
		i.l1[k] = now
		if _, err := i.f.WriteAt(be.AppendUint64(nil, now), i.h.l1At+int64(k)*8); err != nil {
			return err
		}
	}
	return nil
}

// markTable is markCopied for one second table.
func (i *Image) markTable(at int64) error {
	table, err := i.tables.get(i, at)
	if err != nil {
		return err
	}
	changed := false
	for k := int64(0); k < i.h.ClusterSize(); k += 8 {
		e := be.Uint64(table[k:])
		if e&entryCompressed != 0 || e&entryOffset == 0 {
			continue
		}
		now, err := i.marked(e)
		if err != nil {
			return err
		}
		if now != e {
			be.PutUint64(table[k:], now)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	_, err = i.f.WriteAt(table, at)
	return err
}

// marked is an entry with the right copied bit.
func (i *Image) marked(e uint64) (uint64, error) {
	used, err := i.refcount(int64(e&entryOffset) >> i.h.ClusterBits)
	if used == 1 {
		return e | entryCopied, err
	}
	return e &^ entryCopied, err
}
