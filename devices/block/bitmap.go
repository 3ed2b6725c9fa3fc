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
	dirty       *granules
	persistent  bool
	successor   *bitmap // takes the writes while a job uses the bitmap; nil: none does
}

// BitmapInfo is QEMU's BlockDirtyInfo.
type BitmapInfo struct {
	Name        string `json:"name,omitempty"`
	Recording   bool   `json:"recording"`
	Persistent  bool   `json:"persistent"`
	Busy        bool   `json:"busy"`
	Granularity int64  `json:"granularity"`
	Count       int64  `json:"count"` // bytes
}

func newBitmap(name string, n *Node, granularity int64) *bitmap {
	return &bitmap{name: name, granularity: granularity, recording: true, dirty: newGranules(n.Size(), granularity)}
}

func (b *bitmap) info() BitmapInfo {
	count := b.dirty.count
	if b.successor != nil {
		count = b.merged().count
	}
	return BitmapInfo{
		Name: b.name, Recording: b.records(), Persistent: b.persistent, Busy: b.successor != nil,
		Granularity: b.granularity, Count: count * b.granularity,
	}
}

func (b *bitmap) records() bool { return b.recording && (b.successor == nil || b.successor.recording) }

func (b *bitmap) mark(off, n int64) {
	switch {
	case b.successor != nil:
		b.successor.mark(off, n)
	case b.recording:
		b.dirty.add(off, n)
	}
}

// merged is what a bitmap and its successor have noted together.
func (b *bitmap) merged() *granules {
	all := b.dirty.clone()
	all.merge(b.successor.dirty)
	return all
}

// lend gives a bitmap to a job: what is written from now on is noted apart.
func (b *bitmap) lend(n *Node) {
	b.successor = newBitmap("", n, b.granularity)
	b.successor.recording = b.recording
}

// giveBack ends that. With done what was noted before is forgotten; otherwise
// both are one again.
func (b *bitmap) giveBack(done bool) {
	if done {
		b.dirty = b.successor.dirty
	} else {
		b.dirty = b.merged()
	}
	b.successor = nil
}

// free returns why a bitmap cannot be used now, nil when it can.
func (b *bitmap) free() error {
	if b.successor != nil {
		return fmt.Errorf("Bitmap '%s' is currently in use by another operation and cannot be used", b.name)
	}
	return nil
}

// freeBitmap is findBitmap for one that is to be changed.
func (g *Graph) freeBitmap(node, name string) (*Node, *bitmap, error) {
	n, b, err := g.findBitmap(node, name)
	if err == nil {
		err = b.free()
	}
	return n, b, err
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
		granularity = max(4096, min(n.header.ClusterSize(), 65536))
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
	b := newBitmap(o.Name, n, granularity)
	b.recording = !o.Disabled
	n.bitmaps = append(n.bitmaps, b)
	return nil
}

// RemoveBitmap removes a dirty bitmap; what it returns puts it back.
func (g *Graph) RemoveBitmap(node, name string) (undo func(), err error) {
	n, b, err := g.freeBitmap(node, name)
	if err != nil {
		return nil, err
	}
	n.bitmaps = slices.DeleteFunc(n.bitmaps, func(o *bitmap) bool { return o == b })
	return func() { n.bitmaps = append(n.bitmaps, b) }, nil
}

// ClearBitmap forgets what was written; what it returns undoes that.
func (g *Graph) ClearBitmap(node, name string) (undo func(), err error) {
	_, b, err := g.freeBitmap(node, name)
	if err != nil {
		return nil, err
	}
	old := b.dirty
	b.dirty = newGranules(0, b.granularity)
	return func() { b.dirty = old }, nil
}

// RecordBitmap makes a bitmap take notice of writes, or not; what it returns
// undoes that.
func (g *Graph) RecordBitmap(node, name string, on bool) (undo func(), err error) {
	_, b, err := g.freeBitmap(node, name)
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
	var sources []*bitmap
	for _, ref := range from {
		if ref.Node == "" {
			ref.Node = node
		}
		_, b, err := g.findBitmap(ref.Node, ref.Name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, b)
	}
	if err := t.free(); err != nil {
		return nil, err
	}
	merged := t.dirty.clone()
	for _, b := range sources {
		if err := b.free(); err != nil {
			return nil, err
		}
		merged.merge(b.dirty)
	}
	old := t.dirty
	t.dirty = merged
	return func() { t.dirty = old }, nil
}
