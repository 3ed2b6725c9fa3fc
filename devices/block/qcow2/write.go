package qcow2

import (
	"errors"
	"io"
	"slices"
)

var errReadOnly = errors.New("The image is open for reading only")

// WriteAt writes p; it must lie inside the image. Clusters that are written in
// part get the rest from where a guest saw it before, be that backing.
func (i *Image) WriteAt(p []byte, off int64, backing io.ReaderAt) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	return i.pieces(p, off, func(p []byte, off int64) error { return i.writePiece(p, off, backing) })
}

// writePiece writes within one cluster.
func (i *Image) writePiece(p []byte, off int64, backing io.ReaderAt) error {
	cs := i.h.ClusterSize()
	t, err := i.table(off)
	if err != nil {
		return err
	}
	old, err := i.entry(off)
	if err != nil {
		return err
	}
	inPlace := old&entryCopied != 0 && old&entryOffset != 0 && old&entryCompressed == 0
	if inPlace && i.kind(old) == Data {
		_, err := i.f.WriteAt(p, int64(old&entryOffset)+off&(cs-1))
		return err
	}
	whole := p
	if int64(len(p)) < cs {
		whole = make([]byte, cs)
		if err := i.readPiece(whole, off&^(cs-1), backing); err != nil {
			return err
		}
		copy(whole[off&(cs-1):], p)
	}
	at := int64(old & entryOffset)
	if !inPlace {
		if at, err = i.alloc(1); err != nil {
			return err
		}
	}
	if _, err := i.f.WriteAt(whole, at); err != nil {
		if !inPlace {
			err = errors.Join(err, i.release(at, cs))
		}
		return err
	}
	if err := i.setEntry(t, off, uint64(at)|entryCopied); err != nil {
		return err
	}
	if inPlace {
		return nil
	}
	return i.forget(old)
}

// table returns where the L2 table of an offset lies, which is then there and
// the image's own.
func (i *Image) table(off int64) (int64, error) {
	cs := i.h.ClusterSize()
	n, _ := i.place(off)
	if n >= int64(len(i.l1)) {
		return 0, errors.New("The offset is outside of the image")
	}
	old := i.l1[n]
	if old&entryCopied != 0 {
		return int64(old & entryOffset), nil
	}
	t := make([]byte, cs)
	if old&entryOffset != 0 {
		shared, err := i.tables.get(i, int64(old&entryOffset))
		if err != nil {
			return 0, err
		}
		copy(t, shared)
	}
	at, err := i.alloc(1)
	if err != nil {
		return 0, err
	}
	if _, err := i.f.WriteAt(t, at); err != nil {
		return 0, err
	}
	i.tables.put(at, t)
	i.l1[n] = uint64(at) | entryCopied
	if _, err := i.f.WriteAt(be.AppendUint64(nil, i.l1[n]), i.h.l1At+n*8); err != nil {
		return 0, err
	}
	if old&entryOffset != 0 {
		return at, i.release(int64(old&entryOffset), cs)
	}
	return at, nil
}

// setEntry changes the L2 entry of an offset in the table at t.
func (i *Image) setEntry(t, off int64, e uint64) error {
	_, n := i.place(off)
	table, err := i.tables.get(i, t)
	if err != nil {
		return err
	}
	be.PutUint64(table[n*8:], e)
	_, err = i.f.WriteAt(table[n*8:n*8+8], t+n*8)
	return err
}

// forget drops the use of what an entry pointed to.
func (i *Image) forget(e uint64) error { return i.entryUse(e, i.release) }

// Zero makes a range read as zeros without keeping data for whole clusters.
func (i *Image) Zero(off, n int64, backing io.ReaderAt) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	return i.wipe(off, off+n, backing)
}

// setZero makes a cluster one of zeros.
func (i *Image) setZero(off int64) error {
	old, err := i.entry(off)
	if err != nil || i.kind(old) == Zero {
		return err
	}
	t, err := i.table(off)
	if err != nil {
		return err
	}
	if err := i.setEntry(t, off, entryZero); err != nil {
		return err
	}
	return i.forget(old)
}

// Discard gives up what is kept for a range, which reads as zeros afterwards
// where whole clusters of it were the image's own.
func (i *Image) Discard(off, n int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	cs := i.h.ClusterSize()
	for at := (off + cs - 1) &^ (cs - 1); at+cs <= off+n; at += cs {
		e, err := i.entry(at)
		if err != nil {
			return err
		}
		if k := i.kind(e); k == Unallocated || k == Zero || i.h.Version < 3 {
			continue
		}
		if err := i.setZero(at); err != nil {
			return err
		}
	}
	return nil
}

// Truncate changes the size that a guest sees. What is new reads as zeros, also
// where backing has something in the bytes that it covers.
func (i *Image) Truncate(size int64, backing io.ReaderAt, covered int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case !i.writable:
		return errReadOnly
	case size%512 != 0:
		return errors.New("The new size must be a multiple of 512")
	case i.h.snapshotCount > 0 && i.h.Version < 3:
		return errors.New("Can't resize a v2 image which has snapshots")
	}
	if err := i.dropState(); err != nil { // it would show up in the disk
		return err
	}
	cs, old := i.h.ClusterSize(), i.h.Size
	for at := (size + cs - 1) &^ (cs - 1); at < old; at += cs {
		if err := i.drop(at); err != nil {
			return err
		}
	}
	if size < old {
		if err := i.wipe(size, min(old, (size+cs-1)&^(cs-1)), backing); err != nil {
			return err
		}
	}
	if err := i.growL1(size); err != nil {
		return err
	}
	if err := i.outdateBitmaps(size); err != nil {
		return err
	}
	i.h.Size = size
	if err := i.storeHeader(); err != nil {
		return err
	}
	return i.wipe(old, min(size, covered), backing)
}

// wipe makes a range read as zeros.
func (i *Image) wipe(from, to int64, backing io.ReaderAt) error {
	cs := i.h.ClusterSize()
	for from < to {
		part := min(cs-from&(cs-1), to-from)
		whole := from&(cs-1) == 0 && (part == cs || from+part == i.h.Size)
		var err error
		if whole && i.h.Version >= 3 {
			err = i.setZero(from)
		} else {
			err = i.writePiece(make([]byte, part), from, backing)
		}
		if err != nil {
			return err
		}
		from += part
	}
	return nil
}

// drop gives up what is kept of a cluster.
func (i *Image) drop(off int64) error {
	old, err := i.entry(off)
	if err != nil || old == 0 {
		return err
	}
	t, err := i.table(off)
	if err != nil {
		return err
	}
	if err := i.setEntry(t, off, 0); err != nil {
		return err
	}
	return i.forget(old)
}

// Empty gives up all that the image has: what is behind it shows.
func (i *Image) Empty() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	for off := int64(0); off < i.h.Size; off += i.h.ClusterSize() {
		if err := i.drop(off); err != nil {
			return err
		}
	}
	return nil
}

// growL1 makes the first table long enough for a size.
func (i *Image) growL1(size int64) error {
	cs := i.h.ClusterSize()
	n := (size + cs*cs/8 - 1) / (cs * cs / 8)
	if n <= int64(len(i.l1)) {
		return nil
	}
	if n*8 > 32<<20 {
		return errors.New("The image size is too large for file format 'qcow2' (try using a larger cluster size)")
	}
	l1 := append(slices.Clone(i.l1), make([]uint64, n-int64(len(i.l1)))...)
	at, err := i.storeL1(l1, ^uint64(0))
	if err != nil {
		return err
	}
	oldAt, oldLen := i.h.l1At, int64(len(i.l1))*8
	i.l1 = l1
	i.h.l1At, i.h.l1Len = at, uint32(n)
	if err := i.storeHeader(); err != nil {
		return err
	}
	if oldLen == 0 {
		return nil
	}
	return i.release(oldAt, oldLen)
}

// SetBacking changes the name of the backing file in the header.
func (i *Image) SetBacking(name, format string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case !i.writable:
		return errReadOnly
	case len(name) > maxBacking:
		return errors.New("Backing file name too long")
	}
	oldName, oldFormat := i.h.Backing, i.h.BackingFormat
	i.h.Backing, i.h.BackingFormat = name, format
	if err := i.storeHeader(); err != nil {
		i.h.Backing, i.h.BackingFormat = oldName, oldFormat
		return err
	}
	return nil
}

// zeroFill writes zeros into the file.
func (i *Image) zeroFill(at, n int64) error {
	_, err := i.f.WriteAt(make([]byte, n), at)
	return err
}

// Fill makes what a guest reads of a range the image's own, by whole clusters:
// data is copied from backing, and zeros are marked.
func (i *Image) Fill(off, n int64, backing io.ReaderAt) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	cs := i.h.ClusterSize()
	for at := off &^ (cs - 1); at < min(off+n, i.h.Size); at += cs {
		if err := i.fillCluster(at, backing); err != nil {
			return err
		}
	}
	return nil
}

func (i *Image) fillCluster(at int64, backing io.ReaderAt) error {
	e, err := i.entry(at)
	if err != nil || i.kind(e) != Unallocated {
		return err
	}
	p := make([]byte, min(i.h.ClusterSize(), i.h.Size-at))
	if err := i.readPiece(p, at, backing); err != nil {
		return err
	}
	if !slices.ContainsFunc(p, func(b byte) bool { return b != 0 }) {
		return i.wipe(at, at+int64(len(p)), backing)
	}
	return i.writePiece(p, at, backing)
}
