package qcow2

import (
	"errors"
	"fmt"
)

// Options say what image to create. The zero value of a field means QEMU's
// default.
type Options struct {
	Size          int64
	ClusterSize   int64  // 64 KiB
	Version       uint32 // 3
	RefcountBits  int    // 16
	Lazy          bool
	Backing       string
	BackingFormat string
	Zstd          bool // compressed clusters, should there ever be any
}

// Create makes an empty image in a file; what was in it is lost.
func Create(f File, o Options) error {
	if o.ClusterSize == 0 {
		o.ClusterSize = 64 << 10
	}
	if o.Version == 0 {
		o.Version = 3
	}
	if o.RefcountBits == 0 {
		o.RefcountBits = 16
	}
	bits := log2(o.ClusterSize)
	switch {
	case bits < 9 || bits > 21 || o.ClusterSize != 1<<bits:
		return errors.New("Cluster size must be a power of two between 512 and 2048k")
	case len(o.Backing) > maxBacking:
		return errors.New("Backing file name too long")
	case o.RefcountBits < 1 || o.RefcountBits > 64 || o.RefcountBits&(o.RefcountBits-1) != 0:
		return errors.New("Refcount width must be a power of two and may not exceed 64 bits")
	case o.Version < 3 && o.RefcountBits != 16:
		return errors.New("Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or greater)")
	case o.Version < 3 && o.Lazy:
		return errors.New("Lazy refcounts only supported with compatibility level 1.1 and above (use version=v3 or greater)")
	case o.Size%512 != 0:
		return errors.New("Image size must be a multiple of 512 bytes")
	}
	l2 := o.ClusterSize * (o.ClusterSize / 8)
	l1 := max((o.Size+l2-1)/l2, 1)
	if l1*8 > 32<<20 {
		return fmt.Errorf("The image size is too large for file format 'qcow2' (try using a larger cluster size)")
	}
	h := &Header{
		Version: o.Version, ClusterBits: uint32(bits), Size: o.Size, Backing: o.Backing, BackingFormat: o.BackingFormat,
		RefcountOrder: uint32(log2(int64(o.RefcountBits))), length: headerV2,
		refTableAt: o.ClusterSize, refTableClusters: 1, l1At: 3 * o.ClusterSize, l1Len: uint32(l1),
	}
	if o.Version == 3 {
		h.length, h.tail = headerV3+8, make([]byte, 8)
	}
	if o.Lazy {
		h.Compatible |= featureLazy
	}
	if o.Zstd {
		h.Incompatible |= featureCompression
		h.Compression = 1
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	// A table with one block, which counts what is there so far: the header,
	// the table, the block.
	if err := f.Truncate(3 * o.ClusterSize); err != nil {
		return err
	}
	if _, err := f.WriteAt(be.AppendUint64(nil, uint64(2*o.ClusterSize)), o.ClusterSize); err != nil {
		return err
	}
	block := make([]byte, o.ClusterSize)
	for c := range int64(3) {
		putCount(block, h.RefcountOrder, c, 1)
	}
	if _, err := f.WriteAt(block, 2*o.ClusterSize); err != nil {
		return err
	}
	i := &Image{f: f, h: h, writable: true, free: 3}
	if err := i.readRefTable(); err != nil {
		return err
	}
	at, err := i.alloc((l1*8 + o.ClusterSize - 1) / o.ClusterSize)
	if err != nil {
		return err
	}
	h.l1At = at
	if err := i.zeroFill(at, l1*8); err != nil {
		return err
	}
	if err := h.write(f); err != nil {
		return err
	}
	return f.Flush()
}

func log2(n int64) int {
	bits := 0
	for n > 1 {
		n >>= 1
		bits++
	}
	return bits
}
