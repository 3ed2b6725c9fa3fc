package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var be = binary.BigEndian

const (
	magic      = 0x514649fb
	headerV2   = 72
	headerV3   = 104
	maxBacking = 1023
)

// Bits of the header's feature fields.
const (
	featureDirty        = 1 << 0
	featureCorrupt      = 1 << 1
	featureExternalData = 1 << 2
	featureCompression  = 1 << 3
	featureExtendedL2   = 1 << 4

	featureLazy = 1 << 0 // of the compatible ones
)

// Types of header extensions.
const (
	extensionEnd           = 0
	extensionBackingFormat = 0xe2792aca
)

// Header is what the first cluster says.
type Header struct {
	Version     uint32
	ClusterBits uint32
	Size        int64 // bytes that a guest sees
	Encryption  uint32

	Backing       string // file name, empty for none
	BackingFormat string // empty: to be found out

	Incompatible, Compatible, Autoclear uint64

	RefcountOrder uint32 // log2 of the bits per refcount
	Compression   uint8  // 0 zlib, 1 zstd

	l1At, refTableAt         int64
	l1Len, refTableClusters  uint32
	snapshots, snapshotCount uint64
	length                   uint32
	extensions               []extension // others than the backing format
	tail                     []byte      // of a header longer than we know
}

type extension struct {
	kind uint32
	data []byte
}

// ClusterSize returns the bytes of a cluster.
func (h *Header) ClusterSize() int64 { return 1 << h.ClusterBits }

// Dirty reports whether the image was not closed properly.
func (h *Header) Dirty() bool { return h.Incompatible&featureDirty != 0 }

// Corrupt reports whether somebody found the image inconsistent.
func (h *Header) Corrupt() bool { return h.Incompatible&featureCorrupt != 0 }

// ExtendedL2 reports whether clusters are divided.
func (h *Header) ExtendedL2() bool { return h.Incompatible&featureExtendedL2 != 0 }

// ExternalData reports whether the data is in another file.
func (h *Header) ExternalData() bool { return h.Incompatible&featureExternalData != 0 }

// Lazy reports whether refcounts may be out of date while the image is open.
func (h *Header) Lazy() bool { return h.Compatible&featureLazy != 0 }

// Is reports whether data begins as an image does.
func Is(b []byte) bool { return len(b) >= 4 && be.Uint32(b) == magic }

// ReadHeader reads the header of an image.
func ReadHeader(f File) (*Header, error) {
	b := make([]byte, 112)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, err
	}
	if !Is(b) {
		return nil, errors.New("Image is not in qcow2 format")
	}
	h := &Header{
		Version: be.Uint32(b[4:]), ClusterBits: be.Uint32(b[20:]), Size: int64(be.Uint64(b[24:])), Encryption: be.Uint32(b[32:]),
		l1Len: be.Uint32(b[36:]), l1At: int64(be.Uint64(b[40:])), refTableAt: int64(be.Uint64(b[48:])), refTableClusters: be.Uint32(b[56:]),
		snapshotCount: uint64(be.Uint32(b[60:])), snapshots: be.Uint64(b[64:]), RefcountOrder: 4, length: headerV2,
	}
	if h.Version < 2 || h.Version > 3 {
		return nil, fmt.Errorf("Unsupported qcow2 version %d", h.Version)
	}
	if h.ClusterBits < 9 || h.ClusterBits > 21 {
		return nil, fmt.Errorf("Unsupported cluster size: 2^%d", h.ClusterBits)
	}
	if h.Version == 3 {
		h.Incompatible, h.Compatible, h.Autoclear = be.Uint64(b[72:]), be.Uint64(b[80:]), be.Uint64(b[88:])
		h.RefcountOrder, h.length = be.Uint32(b[96:]), be.Uint32(b[100:])
		if h.length < headerV3 {
			return nil, errors.New("qcow2 header too short")
		}
		if int64(h.length) > h.ClusterSize() {
			return nil, errors.New("qcow2 header exceeds cluster size")
		}
		if h.length > headerV3 {
			h.Compression = b[104]
			h.tail = make([]byte, h.length-headerV3)
			if _, err := f.ReadAt(h.tail, headerV3); err != nil {
				return nil, err
			}
		}
	}
	return h, h.check(f)
}

// check refuses what cannot be, and reads what follows the fields.
func (h *Header) check(f File) error {
	const known = featureDirty | featureCorrupt | featureExternalData | featureCompression | featureExtendedL2
	switch {
	case h.Incompatible&^known != 0:
		return fmt.Errorf("Unsupported qcow2 feature(s): Unknown incompatible feature: %x", h.Incompatible&^known)
	case h.RefcountOrder > 6:
		return errors.New("Reference count entry width too large; may not exceed 64 bits")
	case h.Size < 0 || h.Size > int64(h.l1Len)<<(2*h.ClusterBits-3) && !h.ExtendedL2():
		return errors.New("L1 table is too small")
	case h.l1Len > 32<<20/8:
		return errors.New("Active L1 table too large")
	case h.refTableClusters == 0:
		return errors.New("Image does not contain a reference count table")
	case int64(h.refTableClusters)<<h.ClusterBits > 8<<20 && h.refTableClusters > 1:
		return errors.New("Reference count table too large")
	case (h.l1At|h.refTableAt)&(h.ClusterSize()-1) != 0 || h.l1At < 0 || h.refTableAt < 0:
		return errors.New("Invalid table offset")
	}
	var field [12]byte
	if _, err := f.ReadAt(field[:], 8); err != nil {
		return err
	}
	at, n := int64(be.Uint64(field[:])), int64(be.Uint32(field[8:]))
	end := h.ClusterSize()
	if at != 0 {
		if n > maxBacking || at < 0 || at > h.ClusterSize() || n > h.ClusterSize()-at {
			return errors.New("Backing file name too long")
		}
		name := make([]byte, n)
		if _, err := f.ReadAt(name, at); err != nil {
			return err
		}
		h.Backing, end = string(name), at
	}
	return h.readExtensions(f, end)
}

func (h *Header) readExtensions(f File, end int64) error {
	for at := int64(h.length); at+8 <= end; {
		var b [8]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			return err
		}
		kind, n := be.Uint32(b[:]), int64(be.Uint32(b[4:]))
		if kind == extensionEnd {
			return nil
		}
		if n > end-at-8 {
			return errors.New("Header extension too large")
		}
		data := make([]byte, n)
		if _, err := f.ReadAt(data, at+8); err != nil {
			return err
		}
		if kind == extensionBackingFormat {
			h.BackingFormat = string(data)
		} else {
			h.extensions = append(h.extensions, extension{kind, data})
		}
		at += 8 + (n+7)&^7
	}
	return nil
}

// write writes the header over the first cluster.
func (h *Header) write(f File) error {
	b := make([]byte, h.length, h.ClusterSize())
	be.PutUint32(b, magic)
	be.PutUint32(b[4:], h.Version)
	be.PutUint32(b[20:], h.ClusterBits)
	be.PutUint64(b[24:], uint64(h.Size))
	be.PutUint32(b[32:], h.Encryption)
	be.PutUint32(b[36:], h.l1Len)
	be.PutUint64(b[40:], uint64(h.l1At))
	be.PutUint64(b[48:], uint64(h.refTableAt))
	be.PutUint32(b[56:], h.refTableClusters)
	be.PutUint32(b[60:], uint32(h.snapshotCount))
	be.PutUint64(b[64:], h.snapshots)
	if h.Version == 3 {
		be.PutUint64(b[72:], h.Incompatible)
		be.PutUint64(b[80:], h.Compatible)
		be.PutUint64(b[88:], h.Autoclear)
		be.PutUint32(b[96:], h.RefcountOrder)
		be.PutUint32(b[100:], h.length)
		copy(b[headerV3:], h.tail)
		if h.length > headerV3 {
			b[headerV3] = h.Compression
		}
	}
	add := func(kind uint32, data []byte) {
		b = be.AppendUint32(be.AppendUint32(b, kind), uint32(len(data)))
		b = append(b, data...)
		b = append(b, make([]byte, -len(data)&7)...)
	}
	if h.BackingFormat != "" && h.Backing != "" {
		add(extensionBackingFormat, []byte(h.BackingFormat))
	}
	for _, x := range h.extensions {
		add(x.kind, x.data)
	}
	add(extensionEnd, nil)
	if h.Backing != "" {
		be.PutUint64(b[8:], uint64(len(b)))
		be.PutUint32(b[16:], uint32(len(h.Backing)))
		b = append(b, h.Backing...)
	}
	if int64(len(b)) > h.ClusterSize() {
		return errors.New("No space left on device")
	}
	_, err := f.WriteAt(b[:h.ClusterSize()], 0)
	return err
}
