package qcow2

// The state of a machine lies behind the disk, where the first table has
// entries that no guest can reach: at the first offset that an entry of its own
// describes.

// stateAt is where that is.
func (i *Image) stateAt() int64 {
	per := i.h.ClusterSize() * (i.h.ClusterSize() / 8)
	return (i.h.Size + per - 1) / per * per
}

// WriteState writes a part of a machine's state, for the next
// [Image.Snapshot] to keep.
func (i *Image) WriteState(p []byte, off int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	off += i.stateAt()
	if err := i.growL1(off + int64(len(p))); err != nil {
		return err
	}
	return i.pieces(p, off, func(p []byte, off int64) error { return i.writePiece(p, off, nil) })
}

// ReadState reads a part of the state that is there: that of the snapshot which
// [Image.Revert] went to, or what was written.
func (i *Image) ReadState(p []byte, off int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.pieces(p, off+i.stateAt(), func(p []byte, off int64) error { return i.readPiece(p, off, nil) })
}

// dropState gives up the state that is there.
func (i *Image) dropState() error {
	first, _ := i.place(i.stateAt())
	for n := first; n < int64(len(i.l1)); n++ {
		old := i.l1[n]
		if old == 0 {
			continue
		}
		i.l1[n] = 0
		if _, err := i.f.WriteAt(make([]byte, 8), i.h.l1At+n*8); err != nil {
			return err
		}
		if err := i.eachUse([]uint64{old}, i.release); err != nil {
			return err
		}
	}
	return nil
}
