package block

import (
	"fmt"
	"sync/atomic"

	"github.com/qomd/qomd/qmp/qjson"
)

// filler is an image that can make its own what shows through it, so that no
// write comes between reading and keeping it.
type filler interface{ fill(off, n int64) error }

func (i *qcow2Image) fill(off, n int64) error {
	backing, _ := i.behind()
	return i.img.Fill(off, n, backing)
}

// fill implements filler; an image that shows nothing else has all already.
func (i *childImage) fill(off, n int64) error {
	if f, ok := i.child().(filler); ok && !i.opaque {
		return f.fill(off+i.offset, n)
	}
	return nil
}

// layered is an image through which another shows; nil: none does.
type layered interface{ below() image }

func (i *qcow2Image) below() image {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return shown(i.backing)
}

func (i *extendedImage) below() image {
	i.mu.Lock()
	defer i.mu.Unlock()
	return shown(i.backing)
}

func shown(e *Edge) image {
	if e == nil {
		return nil
	}
	return e.Node().img
}

func (i *childImage) below() image {
	if i.opaque {
		return nil
	}
	return i.child()
}

// copying tells an image whether it copies on reads now.
type copying struct{ on atomic.Bool }

func (c *copying) copy(on bool) { c.on.Store(on) }

// settleCopying lets a node's image copy as long as it may be written.
func (n *Node) settleCopying() {
	if c, ok := n.img.(interface{ copy(on bool) }); ok {
		c.copy(n.copyOnRead && n.active && !n.readOnly)
	}
}

// copyingImage is the data of a copy-on-read node: what is read through it and
// comes from behind the image below is kept in that image.
type copyingImage struct {
	childImage
	copying
	bottom image // the last one that is copied from; nil: all that is read is kept
}

// ReadAt implements image. What cannot be kept is not read either, as in QEMU.
func (i *copyingImage) ReadAt(p []byte, off int64) (int, error) {
	if i.on.Load() {
		if err := i.keep(off, int64(i.within(len(p), off))); err != nil {
			return 0, err
		}
	}
	return i.childImage.ReadAt(p, off)
}

// keep copies what of a range is to be copied.
func (i *copyingImage) keep(off, n int64) error {
	if i.bottom == nil {
		return i.fill(off, n)
	}
	own, rest := i.layers()
	for n > 0 {
		k, part, err := status(own, off, n)
		if err == nil && k == extentBehind {
			if k, part, err = status(rest, off, part); err == nil && k != extentBehind {
				err = i.fill(off, part)
			}
		}
		if err != nil {
			return err
		}
		off, n = off+part, n-part
	}
	return nil
}

// layers lists the images down to the one that keeps what is read, and those
// behind it down to the bottom.
func (i *copyingImage) layers() (own, rest []image) {
	keeper := false
	for img := i.child(); img != nil; {
		if keeper {
			rest = append(rest, img)
		} else {
			own = append(own, img)
			_, filter := img.(interface{ within(n int, off int64) int })
			keeper = !filter
		}
		l, ok := img.(layered)
		if !ok || img == i.bottom {
			break
		}
		img = l.below()
	}
	return own, rest
}

// openCopyOnRead opens copy-on-read.
func openCopyOnRead(n *Node, o *qjson.Object) error {
	img := &copyingImage{childImage: childImage{edge: n.primary(), size: -1}}
	if name, ok := text(o, "bottom"); ok {
		bottom, below := n.g.Node(name), n.primary().Node()
		switch {
		case bottom == nil:
			return fmt.Errorf("Bottom node '%s' not found", name)
		case bottom.isFilter():
			return fmt.Errorf("Bottom node '%s' is a filter", name)
		case !below.contains(bottom):
			return fmt.Errorf("Node '%s' is not in a chain starting from '%s'", name, below.name)
		}
		img.bottom = bottom.img
	}
	n.img, n.copyOnRead = img, true
	return nil
}
