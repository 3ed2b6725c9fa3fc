package block

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	reader "github.com/lima-vm/go-qcow2reader/image/qcow2"

	"github.com/qomd/qomd/devices/block/qcow2"
	"github.com/qomd/qomd/qmp/qjson"
)

// qcow2Header is what the monitor tells of a qcow2 image.
type qcow2Header struct {
	qcow2.Header
	backingPath string // found from the image's own
}

// compressionName is how QEMU calls the way in which clusters are compressed.
func (h *qcow2Header) compressionName() string {
	if h.Compression == 1 {
		return "zstd"
	}
	return "zlib"
}

// setHeader takes over what the header says now.
func (n *Node) setHeader(h qcow2.Header) {
	n.header = &qcow2Header{Header: h, backingPath: h.Backing}
	if own := n.primary().Node().exact; h.Backing != "" && !filepath.IsAbs(h.Backing) && own != "" {
		n.header.backingPath = filepath.Join(filepath.Dir(own), h.Backing)
	}
}

func openQcow2(n *Node, o *qjson.Object) error {
	file := imageFile{n.primary()}
	h, err := qcow2.ReadHeader(file)
	if err != nil {
		return err
	}
	n.setHeader(*h)
	var img image
	if h.ExtendedL2() {
		img, err = openExtended(file, n.readOnly, int64(h.Size))
	} else {
		img, err = openWritable(file, n.readOnly)
	}
	if err != nil {
		return err
	}
	n.img = img
	if err := n.loadBitmaps(); err != nil {
		return err
	}
	return n.openBacking(o)
}

// backed is an image that shows another one where it has nothing itself.
type backed interface{ setBacking(*Edge) }

// openBacking opens the backing node that the options or the image name.
func (n *Node) openBacking(o *qjson.Object) error {
	v, given := o.Get("backing")
	if given {
		if s, isText := v.(string); v == nil || isText && s == "" {
			return nil // null: the image is to stand alone
		}
		return n.openBehind(o)
	}
	if n.header.Backing == "" {
		return nil
	}
	file := qjson.NewObject(qjson.Member{Name: "driver", Value: "file"}, qjson.Member{Name: "filename", Value: n.header.backingPath})
	format := n.header.BackingFormat
	if format == "" {
		var err error
		if format, err = n.g.probe(file); err != nil {
			return fmt.Errorf("Could not open backing file: %w", err)
		}
	}
	backing := qjson.NewObject(qjson.Member{Name: "driver", Value: format}, qjson.Member{Name: "file", Value: file})
	if d := driverOf(format); d != nil && d.protocol {
		backing = qjson.NewObject(qjson.Member{Name: "driver", Value: format}, qjson.Member{Name: "filename", Value: n.header.backingPath})
	}
	if err := n.openBehind(qjson.NewObject(qjson.Member{Name: "backing", Value: backing})); err != nil {
		return fmt.Errorf("Could not open backing file: %w", err)
	}
	return nil
}

func (n *Node) openBehind(o *qjson.Object) error {
	if err := n.openChild(o, "backing", roleBacking); err != nil {
		return err
	}
	n.img.(backed).setBacking(n.edge("backing"))
	return nil
}

// imageFile is the child that holds an image.
type imageFile struct{ edge *Edge }

var _ qcow2.File = imageFile{}

func (f imageFile) img() image { return f.edge.Node().img }

func (f imageFile) ReadAt(p []byte, off int64) (int, error) { return f.img().ReadAt(p, off) }

func (f imageFile) WriteAt(p []byte, off int64) (int, error) {
	if end := off + int64(len(p)); end > f.img().Size() {
		if err := f.Truncate(end); err != nil {
			return 0, err
		}
	}
	return f.img().WriteAt(p, off)
}

func (f imageFile) Truncate(size int64) error {
	r, ok := f.img().(resizer)
	if !ok {
		return errCannotGrow
	}
	return r.Truncate(size)
}

func (f imageFile) Flush() error { return f.img().Flush() }

// qcow2Image is an image together with what shows through it.
type qcow2Image struct {
	img *qcow2.Image

	mu      sync.RWMutex
	backing *Edge // nil for none

	copying
}

func openWritable(f imageFile, readOnly bool) (image, error) {
	img, err := qcow2.Open(f, !readOnly)
	if err != nil {
		return nil, err
	}
	return &qcow2Image{img: img}, nil
}

// reload implements reloader.
func (i *qcow2Image) reload(n *Node) error {
	if err := i.img.Reload(); err != nil {
		return err
	}
	n.setHeader(i.img.Header())
	return n.loadBitmaps()
}

func (i *qcow2Image) setBacking(e *Edge) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.backing = e
}

// behind returns what shows through and how long that is; nil for nothing.
func (i *qcow2Image) behind() (io.ReaderAt, int64) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if i.backing == nil {
		return nil, 0
	}
	img := i.backing.Node().img
	return img, img.Size()
}

func (i *qcow2Image) ReadAt(p []byte, off int64) (int, error) {
	if i.on.Load() {
		if err := i.fill(off, int64(len(p))); err != nil {
			return 0, err
		}
	}
	backing, _ := i.behind()
	return len(p), i.img.ReadAt(p, off, backing)
}

func (i *qcow2Image) WriteAt(p []byte, off int64) (int, error) {
	backing, _ := i.behind()
	return len(p), i.img.WriteAt(p, off, backing)
}

// WriteZeroes implements zeroer.
func (i *qcow2Image) WriteZeroes(off, n int64) error {
	backing, _ := i.behind()
	return i.img.Zero(off, n, backing)
}

func (i *qcow2Image) Flush() error               { return i.img.Flush() }
func (i *qcow2Image) Discard(off, n int64) error { return i.img.Discard(off, n) }
func (i *qcow2Image) Size() int64                { return i.img.Size() }
func (i *qcow2Image) Close() error               { return nil }

// Truncate implements resizer.
func (i *qcow2Image) Truncate(size int64) error {
	backing, covered := i.behind()
	return i.img.Truncate(size, backing, covered)
}

// extent implements mapper.
func (i *qcow2Image) extent(off, n int64) (extentKind, int64, error) {
	k, length, err := i.img.Extent(off, n)
	switch k {
	case qcow2.Unallocated:
		return extentBehind, length, err
	case qcow2.Zero:
		return extentZero, length, err
	}
	return extentData, length, err
}

// extendedImage is an image with divided clusters, which a library reads.
type extendedImage struct {
	size int64

	mu      sync.Mutex // the library keeps caches
	lib     *reader.Qcow2
	backing *Edge
}

func openExtended(f imageFile, readOnly bool, size int64) (image, error) {
	if !readOnly {
		return nil, errors.New("Images with extended L2 entries can only be opened read-only")
	}
	lib, err := reader.Open(noBacking{f}, nil)
	if err == nil {
		err = lib.Readable()
	}
	if err != nil {
		return nil, fmt.Errorf("Could not open the qcow2 image: %w", err)
	}
	return &extendedImage{lib: lib, size: size}, nil
}

// noBacking is an image file whose header names no backing file: that is the
// graph's matter, not the library's.
type noBacking struct{ imageFile }

func (r noBacking) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.imageFile.ReadAt(p, off)
	for at := max(off, 8); at < min(off+int64(n), 20); at++ {
		p[at-off] = 0
	}
	return n, err
}

func (i *extendedImage) setBacking(e *Edge) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.backing = e
}

func (i *extendedImage) ReadAt(p []byte, off int64) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(p)
	all := len(p)
	p = p[:max(min(int64(len(p)), i.size-off), 0)]
	for len(p) > 0 {
		x, err := i.lib.Extent(off, int64(len(p)))
		if err != nil {
			return all - len(p), err
		}
		n := min(int64(len(p)), x.Length)
		if n <= 0 {
			return all - len(p), errors.New("qcow2: empty extent")
		}
		switch {
		case x.Allocated && !x.Zero:
			_, err = i.lib.ReadAt(p[:n], off)
		case !x.Allocated && i.backing != nil:
			_, err = i.backing.Node().img.ReadAt(p[:n], off)
		}
		if err != nil {
			return all - len(p), err
		}
		p, off = p[n:], off+n
	}
	return all, nil
}

func (i *extendedImage) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }
func (i *extendedImage) Flush() error                       { return nil }
func (i *extendedImage) Discard(off, n int64) error         { return nil }
func (i *extendedImage) Size() int64                        { return i.size }
func (i *extendedImage) Close() error                       { return nil }

func qcow2Limits(n *Node) limits {
	l := n.primary().Node().limits()
	if n.header != nil {
		l.WriteZeroes, l.Discard = n.header.ClusterSize(), n.header.ClusterSize()
	}
	return l
}
