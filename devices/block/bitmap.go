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

	inconsistent bool    // its content was lost
	successor    *bitmap // takes the writes while a job uses the bitmap; nil: none does
	exported     bool    // clients of the NBD server may read it
}

// BitmapInfo is QEMU's BlockDirtyInfo.
type BitmapInfo struct {
	Name        string `json:"name,omitempty"`
	Recording   bool   `json:"recording"`
	Persistent  bool   `json:"persistent"`
	Busy        bool   `json:"busy"`
	Granularity int64  `json:"granularity"`
	Count       int64  `json:"count"` // bytes

	Inconsistent bool `json:"inconsistent,omitempty"`
}

func newBitmap(name string, n *Node, granularity int64) *bitmap {
	return &bitmap{name: name, granularity: granularity, recording: true, dirty: newGranules(n.Size(), granularity)}
}

func (b *bitmap) info() BitmapInfo {
	return BitmapInfo{
		Name: b.name, Recording: b.records(), Persistent: b.persistent, Busy: b.free() != nil,
		Granularity: b.granularity, Count: b.all().count * b.granularity, Inconsistent: b.inconsistent,
	}
}

// cut forgets what was noted of the end of a node that has become shorter.
func (b *bitmap) cut(size, old int64) {
	end := (size + b.granularity - 1) &^ (b.granularity - 1)
	b.dirty.remove(end, max(old-end, 0))
	if b.successor != nil {
		b.successor.cut(size, old)
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

// all is what a bitmap has noted, be it lent or not.
func (b *bitmap) all() *granules {
	if b.successor != nil {
		return b.merged()
	}
	return b.dirty
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

// free returns why nobody can take a bitmap now, nil when somebody can.
func (b *bitmap) free() error {
	if b.successor != nil || b.exported {
		return fmt.Errorf("Bitmap '%s' is currently in use by another operation and cannot be used", b.name)
	}
	return nil
}

// usable returns why a bitmap cannot be used now, nil when it can.
func (b *bitmap) usable() error {
	if err := b.free(); err != nil || !b.inconsistent {
		return err
	}
	return fmt.Errorf("Bitmap '%s' is inconsistent and cannot be used", b.name)
}

// changeable returns why what a bitmap has noted cannot be changed now, nil when
// it can.
func (b *bitmap) changeable(n *Node) error {
	if err := b.free(); err != nil {
		return err
	}
	if b.persistent && n.readOnly {
		return fmt.Errorf("Bitmap '%s' is readonly and cannot be modified", b.name)
	}
	return b.usable()
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
		return nil, fmt.Errorf("Node '%s' not found", name)
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
	n, err := g.findReference(o.Node)
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
	if o.Persistent {
		if err := n.mayPersist(o.Name, granularity); err != nil {
			return err
		}
	}
	if len(o.Name) > 1023 {
		return errors.New("Bitmap name too long: " + o.Name)
	}
	for _, b := range n.bitmaps {
		if b.name == o.Name {
			return fmt.Errorf("Bitmap already exists: %s", o.Name)
		}
	}
	b := newBitmap(o.Name, n, granularity)
	b.recording, b.persistent = !o.Disabled, o.Persistent
	n.bitmaps = append(n.bitmaps, b)
	return nil
}

// RemoveBitmap removes a dirty bitmap; what it returns puts it back.
func (g *Graph) RemoveBitmap(node, name string) (undo func(), err error) {
	n, b, err := g.findBitmap(node, name)
	if err == nil {
		err = b.free()
	}
	if err == nil {
		err = n.forgetStored(b)
	}
	if err != nil {
		return nil, err
	}
	i := slices.Index(n.bitmaps, b)
	n.bitmaps = slices.Delete(n.bitmaps, i, i+1)
	return func() { n.bitmaps = slices.Insert(n.bitmaps, min(i, len(n.bitmaps)), b) }, nil
}

// ClearBitmap forgets what was written; what it returns undoes that.
func (g *Graph) ClearBitmap(node, name string) (undo func(), err error) {
	n, b, err := g.findBitmap(node, name)
	if err == nil {
		err = b.changeable(n)
	}
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
	_, b, err := g.findBitmap(node, name)
	if err == nil {
		err = b.usable()
	}
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
	n, t, err := g.findBitmap(node, target)
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
	if err := t.changeable(n); err != nil {
		return nil, err
	}
	merged := t.dirty.clone()
	for _, b := range sources {
		if err := b.usable(); err != nil {
			return nil, err
		}
		merged.merge(b.dirty)
	}
	old := t.dirty
	t.dirty = merged
	return func() { t.dirty = old }, nil
}
