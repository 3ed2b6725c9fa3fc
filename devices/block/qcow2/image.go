package qcow2

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// File is what an image lies in. Reading behind its end gives zeros.
type File interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Flush() error
}

// Image is an open image.
type Image struct {
	f        File
	writable bool

	mu       sync.Mutex // guards the rest
	h        *Header
	l1       []uint64
	refTable []int64
	tables   cache // of L2
	blocks   cache // of refcounts
	free     int64 // no cluster before this one is free

	snapshots     []Snapshot // oldest first; a list is never changed
	snapshotBytes int64      // of their table in the file
	bitmaps       []Bitmap   // in the order of the directory; a list is never changed
	directory     span

	shown atomic.Pointer[view] // for those who must not wait
}

// view is what can be told of an image while it is at work.
type view struct {
	header    Header
	snapshots []Snapshot
	bitmaps   []Bitmap
}

// show makes what is true now what is told.
func (i *Image) show() { i.shown.Store(&view{*i.h, i.snapshots, i.bitmaps}) }

// storeHeader writes the header, and shows it.
func (i *Image) storeHeader() error {
	if err := i.h.write(i.f); err != nil {
		return err
	}
	i.show()
	return nil
}

// Bits of entries in L1 and L2 tables.
const (
	entryCopied     = 1 << 63 // used once: may be written in place
	entryCompressed = 1 << 62
	entryZero       = 1 << 0
	entryOffset     = 0x00fffffffffffe00
)

// Open opens an image.
func Open(f File, writable bool) (*Image, error) {
	i := &Image{f: f}
	if err := i.read(); err != nil {
		return nil, err
	}
	if writable {
		return i, i.SetWritable()
	}
	return i, nil
}

// Reload reads again what another program may have changed.
func (i *Image) Reload() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.read(); err != nil {
		return err
	}
	if i.writable {
		return i.readRefTable()
	}
	return nil
}

// read reads the header and the first table.
func (i *Image) read() error {
	h, err := ReadHeader(i.f)
	if err != nil {
		return err
	}
	switch {
	case h.Encryption != 0:
		return errors.New("Encrypted images are not supported")
	case h.ExternalData():
		return errors.New("'data-file' is required for this image")
	case h.ExtendedL2():
		return errors.New("Extended L2 entries are not supported")
	}
	l1, err := i.readL1(h.l1At, h.l1Len)
	if err != nil {
		return err
	}
	i.h, i.l1, i.tables, i.blocks, i.free = h, l1, cache{}, cache{}, 0
	if err := i.readSnapshots(); err != nil {
		return err
	}
	if err := i.readBitmaps(); err != nil {
		return err
	}
	i.show()
	return nil
}

// SetWritable allows writing, or says why it cannot be.
func (i *Image) SetWritable() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.writable:
		return nil
	case i.h.Corrupt():
		return errors.New("qcow2: Image is corrupt; cannot be opened read/write")
	case i.h.Dirty():
		return errors.New("The image was not closed properly; repair it with 'qemu-img check -r all'")
	}
	if err := i.readRefTable(); err != nil {
		return err
	}
	if err := i.clearUnknown(); err != nil {
		return err
	}
	i.writable = true
	return nil
}

// Header returns what the header says now. It does not wait for anything.
func (i *Image) Header() Header { return i.shown.Load().header }

// Size returns the bytes that a guest sees. It does not wait for anything.
func (i *Image) Size() int64 { return i.shown.Load().header.Size }

// Snapshots returns the snapshots of the image, the oldest first. It does not
// wait for anything, and the list must not be changed.
func (i *Image) Snapshots() []Snapshot { return i.shown.Load().snapshots }

// Flush sees to it that everything is on the disk.
func (i *Image) Flush() error { return i.f.Flush() }

// place is where in the tables an offset is described.
func (i *Image) place(off int64) (l1, l2 int64) {
	c := off >> i.h.ClusterBits
	per := i.h.ClusterSize() / 8
	return c / per, c % per
}

// entry returns the L2 entry of an offset, 0 when there is no table.
func (i *Image) entry(off int64) (uint64, error) {
	l1, l2 := i.place(off)
	if l1 >= int64(len(i.l1)) || i.l1[l1]&entryOffset == 0 {
		return 0, nil
	}
	t, err := i.tables.get(i, int64(i.l1[l1]&entryOffset))
	if err != nil {
		return 0, err
	}
	return be.Uint64(t[l2*8:]), nil
}

// Kind says where the content of a range is.
type Kind uint8

// The kinds.
const (
	Unallocated Kind = iota // in the backing image, or zeros
	Zero
	Data
	Compressed
)

func (i *Image) kind(e uint64) Kind {
	switch {
	case e&entryCompressed != 0:
		return Compressed
	case e&entryZero != 0 && i.h.Version >= 3:
		return Zero
	case e&entryOffset != 0:
		return Data
	}
	return Unallocated
}

// Extent returns what kind of content there is at an offset, and for how many
// bytes, n at most.
func (i *Image) Extent(off, n int64) (k Kind, length int64, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	cs := i.h.ClusterSize()
	for at := off; at < off+n; at = at&^(cs-1) + cs {
		e, err := i.entry(at)
		if err != nil {
			return 0, 0, err
		}
		if at == off {
			k = i.kind(e)
		} else if i.kind(e) != k {
			break
		}
		length = min(at&^(cs-1)+cs, off+n) - off
	}
	return k, length, nil
}

// pieces cuts a range into parts of one cluster each.
func (i *Image) pieces(p []byte, off int64, each func(p []byte, off int64) error) error {
	cs := i.h.ClusterSize()
	for len(p) > 0 {
		n := min(cs-off&(cs-1), int64(len(p)))
		if err := each(p[:n], off); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// ReadAt fills p with what a guest sees. What the image does not have is read
// from backing; nil reads as zeros, and so does what is behind its end.
func (i *Image) ReadAt(p []byte, off int64, backing io.ReaderAt) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	inside := max(min(int64(len(p)), i.h.Size-off), 0)
	clear(p[inside:])
	return i.pieces(p[:inside], off, func(p []byte, off int64) error { return i.readPiece(p, off, backing) })
}

// readPiece reads within one cluster.
func (i *Image) readPiece(p []byte, off int64, backing io.ReaderAt) error {
	e, err := i.entry(off)
	if err != nil {
		return err
	}
	clear(p)
	switch i.kind(e) {
	case Unallocated:
		if backing != nil {
			_, err = backing.ReadAt(p, off)
		}
	case Data:
		_, err = i.f.ReadAt(p, int64(e&entryOffset)+off&(i.h.ClusterSize()-1))
	case Compressed:
		err = i.decompress(p, off&(i.h.ClusterSize()-1), e)
	}
	return err
}

// compressed returns where in the file the data of a compressed cluster lies.
func (i *Image) compressed(e uint64) (at, n int64) {
	shift := 62 - (i.h.ClusterBits - 8)
	at = int64(e & (1<<shift - 1))
	sectors := int64(e&^(entryCopied|entryCompressed)) >> shift
	return at, (sectors+1)*512 - at&511
}

// decompress reads from within a compressed cluster.
func (i *Image) decompress(p []byte, from int64, e uint64) error {
	if i.h.Compression != 0 {
		return errors.New("Clusters compressed by zstd cannot be read")
	}
	at, n := i.compressed(e)
	packed := make([]byte, n)
	if _, err := i.f.ReadAt(packed, at); err != nil {
		return err
	}
	whole := make([]byte, i.h.ClusterSize())
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(packed)), whole); err != nil {
		return err
	}
	copy(p, whole[from:])
	return nil
}
