package block

import (
	"errors"
	"fmt"
	"slices"
)

// bitmap notes which parts of a node were written since it was cleared.
type bitmap struct {
	name        string
	granularity int64 // bytes, a power of two
	recording   bool
	dirty       map[int64]struct{} // granules
}

// BitmapInfo is QEMU's BlockDirtyInfo.
type BitmapInfo struct {
	Name        string `json:"name"`
	Recording   bool   `json:"recording"`
	Persistent  bool   `json:"persistent"`
	Busy        bool   `json:"busy"`
	Granularity int64  `json:"granularity"`
	Count       int64  `json:"count"` // bytes
}

func (b *bitmap) info() BitmapInfo {
	return BitmapInfo{Name: b.name, Recording: b.recording, Granularity: b.granularity, Count: int64(len(b.dirty)) * b.granularity}
}

func (b *bitmap) mark(off, n int64) {
	if !b.recording || n <= 0 {
		return
	}
	for g := off / b.granularity; g <= (off+n-1)/b.granularity; g++ {
		b.dirty[g] = struct{}{}
	}
}

// findBitmap finds a node and one of its bitmaps.
func (g *Graph) findBitmap(node, name string) (*Node, *bitmap, error) {
	n, err := g.bitmapNode(node)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range n.bitmaps {
		if b.name == name {
			return n, b, nil
		}
	}
	return nil, nil, fmt.Errorf("Dirty bitmap '%s' not found", name)
}

func (g *Graph) bitmapNode(name string) (*Node, error) {
	n, err := g.findReference(name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// BitmapOptions describe a new bitmap.
type BitmapOptions struct {
	Node        string
	Name        string
	Granularity *int64
	Persistent  bool
	Disabled    bool
}

// AddBitmap makes a dirty bitmap.
func (g *Graph) AddBitmap(o BitmapOptions) error {
	if o.Name == "" {
		return errors.New("Bitmap name cannot be empty")
	}
	n, err := g.bitmapNode(o.Node)
	if err != nil {
		return err
	}
	granularity := int64(65536)
	if n.header != nil {
		granularity = max(4096, min(n.header.clusterSize, 65536))
	}
	if o.Granularity != nil {
		granularity = *o.Granularity
		if granularity < 512 || granularity&(granularity-1) != 0 {
			return errors.New("Granularity must be power of 2 and at least 512")
		}
	}
	switch {
	case o.Persistent:
		return fmt.Errorf("Can't store persistent bitmaps to %s: Operation not supported", n.name)
	case len(o.Name) > 1023:
		return errors.New("Bitmap name too long: " + o.Name)
	}
	for _, b := range n.bitmaps {
		if b.name == o.Name {
			return fmt.Errorf("Bitmap already exists: %s", o.Name)
		}
	}
	n.bitmaps = append(n.bitmaps, &bitmap{name: o.Name, granularity: granularity, recording: !o.Disabled, dirty: map[int64]struct{}{}})
	return nil
}

// RemoveBitmap removes a dirty bitmap; what it returns puts it back.
func (g *Graph) RemoveBitmap(node, name string) (undo func(), err error) {
	n, b, err := g.findBitmap(node, name)
	if err != nil {
		return nil, err
	}
	n.bitmaps = slices.DeleteFunc(n.bitmaps, func(o *bitmap) bool { return o == b })
	return func() { n.bitmaps = append(n.bitmaps, b) }, nil
}

// ClearBitmap forgets what was written; what it returns undoes that.
func (g *Graph) ClearBitmap(node, name string) (undo func(), err error) {
	_, b, err := g.findBitmap(node, name)
	if err != nil {
		return nil, err
	}
	old := b.dirty
	b.dirty = map[int64]struct{}{}
	return func() { b.dirty = old }, nil
}

// RecordBitmap makes a bitmap take notice of writes, or not; what it returns
// undoes that.
func (g *Graph) RecordBitmap(node, name string, on bool) (undo func(), err error) {
	_, b, err := g.findBitmap(node, name)
	if err != nil {
		return nil, err
	}
	old := b.recording
	b.recording = on
	return func() { b.recording = old }, nil
}

// BitmapRef names a bitmap: of the node that is meant anyway, with an empty
// Node.
type BitmapRef struct{ Node, Name string }

// MergeBitmaps adds bitmaps to a target; what it returns undoes that.
func (g *Graph) MergeBitmaps(node, target string, from []BitmapRef) (undo func(), err error) {
	_, t, err := g.findBitmap(node, target)
	if err != nil {
		return nil, err
	}
	merged := map[int64]struct{}{}
	for granule := range t.dirty {
		merged[granule] = struct{}{}
	}
	for _, ref := range from {
		if ref.Node == "" {
			ref.Node = node
		}
		_, b, err := g.findBitmap(ref.Node, ref.Name)
		if err != nil {
			return nil, err
		}
		for granule := range b.dirty {
			for at := granule * b.granularity; at < (granule+1)*b.granularity; at += min(t.granularity, b.granularity) {
				merged[at/t.granularity] = struct{}{}
			}
		}
	}
	old := t.dirty
	t.dirty = merged
	return func() { t.dirty = old }, nil
}
