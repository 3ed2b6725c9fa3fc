package qcow2

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// Bitmap is an entry of the bitmap directory: which parts of the disk were
// written since some time.
type Bitmap struct {
	Name        string
	Granularity int64 // bytes of the disk per bit
	Auto        bool  // it takes notice of writes
	InUse       bool  // somebody has it in memory, or lost it: what is stored is old

	at     int64 // of the table that leads to the bits
	tables uint32
}

// Bits of an entry's flags.
const (
	bitmapInUse = 1 << 0
	bitmapAuto  = 1 << 1
)

// Limits of bitmaps, those of QEMU.
const (
	maxBitmaps         = 65535
	maxBitmapName      = 1023
	maxBitmapDirectory = 1024 * maxBitmaps
	maxBitmapTable     = 0x8000000 // entries
	minGranularityBits = 9
	maxGranularityBits = 31
	maxBitmapBytes     = 0x20000000

	bitmapFixed    = 24 // bytes of an entry of the directory without its name
	bitmapAllSet   = 1  // entry of a table: without a cluster, all bits are set
	dirtyTracking  = 1  // the only type there is
	featureBitmaps = 1 << 0
)

const extensionBitmaps = 0x23852875

// Bitmaps returns the bitmaps that are stored. It does not wait for anything,
// and the list must not be changed.
func (i *Image) Bitmaps() []Bitmap { return i.shown.Load().bitmaps }

// readBitmaps reads the directory. Where a program that does not know bitmaps
// has changed the image, there are none that mean anything.
func (i *Image) readBitmaps() error {
	i.bitmaps, i.directory = nil, span{}
	n := i.h.extensionAt(extensionBitmaps)
	if n < 0 || i.h.Autoclear&featureBitmaps == 0 {
		return nil
	}
	x := i.h.extensions[n].data
	if len(x) != 24 {
		return fmt.Errorf("bitmaps_ext: Invalid extension length")
	}
	count, size, at := be.Uint32(x), int64(be.Uint64(x[8:])), int64(be.Uint64(x[16:]))
	switch {
	case count == 0:
		return errors.New("found bitmaps extension with zero bitmaps")
	case count > maxBitmaps:
		return fmt.Errorf("bitmaps_ext: image has %d bitmaps, exceeding the QEMU supported maximum of %d", count, maxBitmaps)
	case size <= 0 || size > maxBitmapDirectory:
		return fmt.Errorf("bitmaps_ext: bitmap directory size (%d) exceeds the maximum supported size (%d)", size, maxBitmapDirectory)
	case at <= 0 || at&(i.h.ClusterSize()-1) != 0:
		return errors.New("bitmaps_ext: invalid bitmap directory offset")
	}
	dir := make([]byte, size)
	if _, err := i.f.ReadAt(dir, at); err != nil {
		return err
	}
	i.directory = span{at, size}
	for range count {
		b, n, err := readBitmap(dir)
		if err != nil {
			return err
		}
		i.bitmaps, dir = append(i.bitmaps, b), dir[n:]
	}
	if len(dir) > 0 {
		return errBitmapDirectory
	}
	return nil
}

var errBitmapDirectory = errors.New("Could not read the bitmap directory: it is not valid")

// readBitmap reads the first entry of a directory, and tells how long it is.
func readBitmap(dir []byte) (b Bitmap, length int, err error) {
	if len(dir) < bitmapFixed {
		return b, 0, errBitmapDirectory
	}
	flags, gran, name, extra := be.Uint32(dir[12:]), dir[17], int(be.Uint16(dir[18:])), be.Uint32(dir[20:])
	length = (bitmapFixed + name + 7) &^ 7
	switch {
	case extra != 0:
		return b, 0, errors.New("Bitmap extra data is not supported")
	case length > len(dir) || name == 0 || name > maxBitmapName || dir[16] != dirtyTracking,
		gran < minGranularityBits || gran > maxGranularityBits, flags&^(bitmapInUse|bitmapAuto) != 0:
		return b, 0, errBitmapDirectory
	}
	return Bitmap{
		Name: string(dir[bitmapFixed : bitmapFixed+name]), Granularity: 1 << gran,
		Auto: flags&bitmapAuto != 0, InUse: flags&bitmapInUse != 0,
		at: int64(be.Uint64(dir)) &^ 511, tables: be.Uint32(dir[8:]),
	}, length, nil
}

func (b *Bitmap) append(dir []byte) []byte {
	flags := uint32(0)
	if b.InUse {
		flags |= bitmapInUse
	}
	if b.Auto {
		flags |= bitmapAuto
	}
	dir = be.AppendUint64(dir, uint64(b.at))
	dir = be.AppendUint32(be.AppendUint32(dir, b.tables), flags)
	dir = append(dir, dirtyTracking, byte(bits.TrailingZeros64(uint64(b.Granularity))))
	dir = be.AppendUint32(be.AppendUint16(dir, uint16(len(b.Name))), 0)
	dir = append(dir, b.Name...)
	return append(dir, make([]byte, -len(dir)&7)...)
}

// MayStore returns why one more bitmap cannot be stored when the image is
// closed, nil when it can; others are not stored yet.
func (i *Image) MayStore(name string, granularity int64, others int) error {
	h := i.Header()
	g := bits.TrailingZeros64(uint64(granularity))
	bytes := (h.Size>>g + 7) / 8
	switch {
	case h.Version < 3:
		return errors.New("Cannot store dirty bitmaps in qcow2 v2 files")
	case g > maxGranularityBits:
		return fmt.Errorf("Granularity exceeds maximum (%d bytes)", int64(1)<<maxGranularityBits)
	case g < minGranularityBits:
		return fmt.Errorf("Granularity is under minimum (%d bytes)", 1<<minGranularityBits)
	case bytes > maxBitmapBytes || bytes > maxBitmapTable<<h.ClusterBits:
		return errors.New("Too much space will be occupied by the bitmap. Use larger granularity")
	case len(name) > maxBitmapName:
		return errors.New("Bitmap name is too long")
	case len(i.Bitmaps())+others >= maxBitmaps:
		return errors.New("Maximum number of persistent bitmaps is already reached")
	}
	return nil
}

// bitmapBytes is how many bytes the bits of a granularity take.
func (i *Image) bitmapBytes(granularity int64) int64 {
	n := (i.h.Size + granularity - 1) / granularity
	return (n + 7) / 8
}

// ReadBitmap reads the bits of a bitmap, the first in the lowest bit of the first
// byte.
func (i *Image) ReadBitmap(name string) ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := slices.IndexFunc(i.bitmaps, func(b Bitmap) bool { return b.Name == name })
	if n < 0 {
		return nil, errors.New("there is no such bitmap")
	}
	b, cs := i.bitmaps[n], i.h.ClusterSize()
	p := make([]byte, i.bitmapBytes(b.Granularity))
	if int64(len(p)) > int64(b.tables)*cs {
		return nil, fmt.Errorf("Bitmap '%s' is shorter than the disk", name)
	}
	table, err := i.readL1(b.at, b.tables)
	if err != nil {
		return nil, err
	}
	for k := int64(0); k*cs < int64(len(p)); k++ {
		part := p[k*cs : min((k+1)*cs, int64(len(p)))]
		switch at := int64(table[k] & entryOffset); {
		case at != 0:
			_, err = i.f.ReadAt(part, at)
		case table[k]&bitmapAllSet != 0:
			for n := range part {
				part[n] = 0xff
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Bits are the content of a bitmap, as [Image.ReadBitmap] has it.
type Bits struct {
	Bitmap
	Bits []byte
}

// StoreBitmaps writes bitmaps into the image: those that are there already get
// other bits, others are added.
func (i *Image) StoreBitmaps(list []Bits) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	next := slices.Clone(i.bitmaps)
	var old []Bitmap
	for _, b := range list {
		if err := i.storeBits(&b); err != nil {
			return err
		}
		n := slices.IndexFunc(next, func(o Bitmap) bool { return o.Name == b.Name })
		if n < 0 {
			next = append(next, b.Bitmap)
			continue
		}
		old = append(old, next[n])
		next[n] = b.Bitmap
	}
	return i.storeDirectory(next, old)
}

// storeBits writes the bits of one, and the table that leads there.
func (i *Image) storeBits(b *Bits) error {
	cs := i.h.ClusterSize()
	p := make([]byte, i.bitmapBytes(b.Granularity))
	copy(p, b.Bits)
	var table []uint64
	for len(p) > 0 {
		part := p[:min(cs, int64(len(p)))]
		p = p[len(part):]
		if !slices.ContainsFunc(part, func(c byte) bool { return c != 0 }) {
			table = append(table, 0)
			continue
		}
		at, err := i.alloc(1)
		if err != nil {
			return err
		}
		if _, err := i.f.WriteAt(append(slices.Clone(part), make([]byte, cs-int64(len(part)))...), at); err != nil {
			return err
		}
		table = append(table, uint64(at))
	}
	if table == nil {
		// QEMU does not open an image with the bitmap of an empty disk, which is worth
		// nothing, unless that is in use.
		table, b.InUse = []uint64{0}, true
	}
	at, err := i.storeL1(table, ^uint64(0))
	b.at, b.tables = at, uint32(len(table))
	return err
}

// UseBitmaps makes all bitmaps say that somebody has them in memory: what is stored
// is old, until [Image.StoreBitmaps] stores them again.
func (i *Image) UseBitmaps() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.writable {
		return errReadOnly
	}
	return i.useBitmaps()
}

func (i *Image) useBitmaps() error {
	next := slices.Clone(i.bitmaps)
	for n := range next {
		next[n].InUse = true
	}
	if slices.Equal(next, i.bitmaps) {
		return nil
	}
	return i.storeDirectory(next, nil)
}

// outdateBitmaps makes the bitmaps say that what is stored is old, where the disk
// is about to get another length: they do not have a bit for each of its parts.
func (i *Image) outdateBitmaps(size int64) error {
	if size == i.h.Size {
		return nil
	}
	return i.useBitmaps()
}

// RemoveBitmap removes a bitmap, if it is stored.
func (i *Image) RemoveBitmap(name string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := slices.IndexFunc(i.bitmaps, func(b Bitmap) bool { return b.Name == name })
	switch {
	case !i.writable:
		return errReadOnly
	case n < 0:
		return nil
	}
	return i.storeDirectory(slices.Delete(slices.Clone(i.bitmaps), n, n+1), i.bitmaps[n:n+1])
}

// storeDirectory writes another directory, makes it the one that counts, and
// gives up the one there was and the bits of some bitmaps.
func (i *Image) storeDirectory(next, gone []Bitmap) error {
	var b []byte
	for k := range next {
		b = next[k].append(b)
	}
	if len(b) > maxBitmapDirectory {
		return errors.New("Not enough space in the bitmap directory")
	}
	at, err := i.placeTable(b)
	if err != nil {
		return err
	}
	old := i.directory
	i.bitmaps, i.directory = next, span{at, int64(len(b))}
	i.h.pointBitmaps(len(next), i.directory)
	if err := i.storeHeader(); err != nil {
		return err
	}
	if old.n > 0 {
		if err := i.release(old.at, old.n); err != nil {
			return err
		}
	}
	for _, g := range gone {
		if err := i.releaseBitmap(g); err != nil {
			return err
		}
	}
	return nil
}

// eachBitmapUse tells of every range of the file that a bitmap takes.
func (i *Image) eachBitmapUse(b Bitmap, f func(at, n int64) error) error {
	table, err := i.readL1(b.at, b.tables)
	if err != nil {
		return err
	}
	for _, e := range table {
		if at := int64(e & entryOffset); at != 0 {
			if err := f(at, i.h.ClusterSize()); err != nil {
				return err
			}
		}
	}
	return f(b.at, max(int64(b.tables)*8, 1))
}

func (i *Image) releaseBitmap(b Bitmap) error { return i.eachBitmapUse(b, i.release) }

// extensionAt is the place of a header extension among the others, -1 for none.
func (h *Header) extensionAt(kind uint32) int {
	return slices.IndexFunc(h.extensions, func(x extension) bool { return x.kind == kind })
}

// pointBitmaps makes the header lead to a directory, or to none.
func (h *Header) pointBitmaps(count int, at span) {
	h.extensions = slices.DeleteFunc(slices.Clone(h.extensions), func(x extension) bool { return x.kind == extensionBitmaps })
	h.Autoclear &^= featureBitmaps
	if count == 0 {
		return
	}
	x := be.AppendUint32(be.AppendUint32(nil, uint32(count)), 0)
	x = be.AppendUint64(be.AppendUint64(x, uint64(at.n)), uint64(at.at))
	h.extensions = append(h.extensions, extension{extensionBitmaps, x})
	h.Autoclear |= featureBitmaps
}

// clearUnknown drops what a program has to drop that does not keep it true when
// it writes: features that it does not know, and bitmaps that are not valid.
func (i *Image) clearUnknown() error {
	known := i.h.Autoclear & featureBitmaps
	if known == i.h.Autoclear && (known != 0) == (i.h.extensionAt(extensionBitmaps) >= 0) {
		return nil
	}
	i.h.Autoclear = known
	i.h.pointBitmaps(len(i.bitmaps), i.directory)
	return i.storeHeader()
}

// span is a range of the file.
type span struct{ at, n int64 }
