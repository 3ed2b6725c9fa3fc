package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/lima-vm/go-qcow2reader/image/qcow2"

	"github.com/qomd/qomd/qmp/qjson"
)

// qcow2Header is what the monitor tells of a qcow2 image.
type qcow2Header struct {
	version       uint32
	clusterSize   int64
	refcountBits  int
	lazy, corrupt bool
	extendedL2    bool
	compression   string
	backing       string // as written in the image, empty for none
	backingFormat string
	backingPath   string // found from the image's own
	overridden    bool   // the options name another backing node than the image
}

const qcow2Magic = 0x514649fb

// isQcow2 reports whether data begins as a qcow2 image does.
func isQcow2(img image) bool {
	var b [4]byte
	img.ReadAt(b[:], 0)
	return binary.BigEndian.Uint32(b[:]) == qcow2Magic
}

// readQcow2Header reads the parts of the header that the library does not
// tell, as docs/interop/qcow2 of QEMU describes them.
func readQcow2Header(img image) (*qcow2Header, error) {
	var b [112]byte
	if _, err := img.ReadAt(b[:], 0); err != nil {
		return nil, err
	}
	be := binary.BigEndian
	if be.Uint32(b[:]) != qcow2Magic {
		return nil, errors.New("Image is not in qcow2 format")
	}
	h := &qcow2Header{version: be.Uint32(b[4:]), refcountBits: 16, compression: "zlib"}
	if h.version < 2 || h.version > 3 {
		return nil, fmt.Errorf("Unsupported qcow2 version %d", h.version)
	}
	bits := be.Uint32(b[20:])
	if bits < 9 || bits > 21 {
		return nil, errors.New("Unsupported cluster size: 2^" + fmt.Sprint(bits))
	}
	h.clusterSize = 1 << bits
	end := int64(72)
	if h.version == 3 {
		incompatible, compatible := be.Uint64(b[72:]), be.Uint64(b[80:])
		h.corrupt, h.extendedL2 = incompatible&2 != 0, incompatible&16 != 0
		h.lazy = compatible&1 != 0
		h.refcountBits = 1 << min(be.Uint32(b[96:]), 6)
		end = int64(be.Uint32(b[100:]))
		if end > 104 && b[104] == 1 {
			h.compression = "zstd"
		}
	}
	at, n := int64(be.Uint64(b[8:])), int64(be.Uint32(b[16:]))
	if at == 0 {
		return h, nil
	}
	if n > 1023 || n > h.clusterSize-at {
		return nil, errors.New("Backing file name too long")
	}
	name := make([]byte, n)
	if _, err := img.ReadAt(name, at); err != nil {
		return nil, err
	}
	h.backing = string(name)
	h.backingFormat = readBackingFormat(img, end, at)
	return h, nil
}

// readBackingFormat walks through the header's extensions.
func readBackingFormat(img image, at, end int64) string {
	const formatExtension = 0xe2792aca
	for at+8 <= end {
		var b [8]byte
		if _, err := img.ReadAt(b[:], at); err != nil {
			return ""
		}
		kind, n := binary.BigEndian.Uint32(b[:]), int64(binary.BigEndian.Uint32(b[4:]))
		if kind == 0 || n > end-at-8 {
			return ""
		}
		if kind == formatExtension {
			name := make([]byte, n)
			img.ReadAt(name, at+8)
			return string(name)
		}
		at += 8 + (n+7)&^7
	}
	return ""
}

func openQcow2(n *Node, o *qjson.Object) error {
	file := n.primary()
	h, err := readQcow2Header(file.Node().img)
	if err != nil {
		return err
	}
	n.header = h
	if h.backing != "" {
		h.backingPath = h.backing
		if own := file.Node().exact; !filepath.IsAbs(h.backing) && own != "" {
			h.backingPath = filepath.Join(filepath.Dir(own), h.backing)
		}
	}
	reader, err := qcow2.Open(noBacking{file}, nil)
	if err == nil {
		err = reader.Readable()
	}
	if err != nil {
		return fmt.Errorf("Could not open the qcow2 image: %w", err)
	}
	if err := n.openBacking(o); err != nil {
		return err
	}
	img := &qcow2Image{reader: reader, overlay: map[int64][]byte{}, cluster: h.clusterSize}
	for _, e := range n.children {
		if e.name == "backing" {
			img.backing = e
		}
	}
	img.size = reader.Size()
	n.img = img
	return nil
}

// openBacking opens the backing node that the options or the image name.
func (n *Node) openBacking(o *qjson.Object) error {
	v, given := o.Get("backing")
	if given {
		n.header.overridden = true
		if s, isText := v.(string); v == nil || isText && s == "" {
			return nil // null: the image is to stand alone
		}
		return n.openChild(o, "backing", roleBacking)
	}
	if n.header.backing == "" {
		return nil
	}
	file := qjson.NewObject(qjson.Member{Name: "driver", Value: "file"}, qjson.Member{Name: "filename", Value: n.header.backingPath})
	format := n.header.backingFormat
	if format == "" {
		var err error
		if format, err = n.g.probe(file); err != nil {
			return fmt.Errorf("Could not open backing file: %w", err)
		}
	}
	opts := qjson.NewObject(qjson.Member{Name: "backing", Value: qjson.NewObject(
		qjson.Member{Name: "driver", Value: format}, qjson.Member{Name: "file", Value: file})})
	if err := n.openChild(opts, "backing", roleBacking); err != nil {
		return fmt.Errorf("Could not open backing file: %w", err)
	}
	return nil
}

// noBacking is an image file whose header names no backing file: that is the
// graph's matter, not the library's.
type noBacking struct{ file *Edge }

func (r noBacking) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.file.Node().img.ReadAt(p, off)
	for at := max(off, 8); at < min(off+int64(n), 20); at++ {
		p[at-off] = 0
	}
	return n, err
}

// qcow2Image reads an image by the library, and keeps what is written to it in
// memory, by clusters.
type qcow2Image struct {
	backing *Edge // nil for none
	cluster int64
	size    int64

	mu      sync.Mutex // the library keeps caches
	reader  *qcow2.Qcow2
	overlay map[int64][]byte
}

func (i *qcow2Image) ReadAt(p []byte, off int64) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for done := 0; done < len(p); {
		at := off + int64(done)
		n := int(min(i.cluster-at%i.cluster, int64(len(p)-done)))
		if err := i.readCluster(p[done:done+n], at); err != nil {
			return done, err
		}
		done += n
	}
	return len(p), nil
}

// readCluster reads within one cluster.
func (i *qcow2Image) readCluster(p []byte, at int64) error {
	clear(p)
	if c := i.overlay[at/i.cluster]; c != nil {
		copy(p, c[at%i.cluster:])
		return nil
	}
	p = p[:max(min(int64(len(p)), i.size-at), 0)]
	for len(p) > 0 {
		x, err := i.reader.Extent(at, int64(len(p)))
		if err != nil {
			return err
		}
		n := min(int64(len(p)), x.Length)
		if n <= 0 {
			return errors.New("qcow2: empty extent")
		}
		switch {
		case x.Allocated && !x.Zero:
			_, err = i.reader.ReadAt(p[:n], at)
		case !x.Allocated && i.backing != nil:
			_, err = i.backing.Node().img.ReadAt(p[:n], at)
		}
		if err != nil {
			return err
		}
		p, at = p[n:], at+n
	}
	return nil
}

func (i *qcow2Image) WriteAt(p []byte, off int64) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for done := 0; done < len(p); {
		at := off + int64(done)
		n := int(min(i.cluster-at%i.cluster, int64(len(p)-done)))
		c := i.overlay[at/i.cluster]
		if c == nil {
			fresh := make([]byte, i.cluster)
			if err := i.readCluster(fresh, at-at%i.cluster); err != nil {
				return done, err
			}
			c = fresh
			i.overlay[at/i.cluster] = c
		}
		copy(c[at%i.cluster:], p[done:done+n])
		done += n
	}
	return len(p), nil
}

func (i *qcow2Image) Flush() error               { return nil }
func (i *qcow2Image) Discard(off, n int64) error { return nil }

func (i *qcow2Image) Size() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.size
}

// Truncate implements resizer, in memory like writes.
func (i *qcow2Image) Truncate(size int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if size%512 != 0 {
		return errors.New("The new size must be a multiple of 512")
	}
	for c := range i.overlay {
		if c*i.cluster >= size {
			delete(i.overlay, c)
		}
	}
	i.size = size
	return nil
}

// written returns how many bytes are kept in memory.
func (i *qcow2Image) written() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return int64(len(i.overlay)) * i.cluster
}

func (i *qcow2Image) Close() error { return nil }

func qcow2Limits(n *Node) limits {
	l := n.primary().Node().limits()
	if n.header != nil {
		l.WriteZeroes, l.Discard = n.header.clusterSize, n.header.clusterSize
	}
	return l
}
