package block

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/block/qcow2"
)

// Persistent bitmaps are kept in a node's image while nobody has it open. Whoever
// opens it to write marks them as being in use; those that are marked already
// were lost by somebody who did not close the image, and are inconsistent.

// store is the image that keeps a node's bitmaps, nil for none.
func (n *Node) store() *qcow2.Image {
	if i, ok := n.img.(*qcow2Image); ok {
		return i.img
	}
	return nil
}

// loadBitmaps takes over the bitmaps of an image.
func (n *Node) loadBitmaps() error {
	s := n.store()
	if s == nil || !n.active {
		return nil
	}
	n.dropStored()
	for _, from := range s.Bitmaps() {
		b := &bitmap{
			name: from.Name, granularity: from.Granularity, recording: from.Auto && !from.InUse,
			persistent: true, inconsistent: from.InUse, dirty: newGranules(n.Size(), from.Granularity),
		}
		if !from.InUse {
			bits, err := s.ReadBitmap(from.Name)
			if err != nil {
				return err
			}
			b.dirty.setBits(bits, n.Size())
		}
		n.bitmaps = append(n.bitmaps, b)
	}
	return n.useBitmaps()
}

// useBitmaps marks the bitmaps of an image as being in use, if that can be
// written to.
func (n *Node) useBitmaps() error {
	if s := n.store(); s != nil && !n.readOnly && n.active {
		return s.UseBitmaps()
	}
	return nil
}

// saveBitmaps keeps the bitmaps in the image.
func (n *Node) saveBitmaps() error {
	s := n.store()
	if s == nil || n.readOnly {
		return nil
	}
	var list []qcow2.Bits
	for _, b := range slices.Backward(n.bitmaps) {
		if b.persistent && !b.inconsistent {
			bits := qcow2.Bitmap{Name: b.name, Granularity: b.granularity, Auto: b.recording}
			list = append(list, qcow2.Bits{Bitmap: bits, Bits: b.all().bits()})
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := s.StoreBitmaps(list); err != nil {
		return fmt.Errorf("Lost persistent bitmaps during inactivation of node '%s': %w", n.name, err)
	}
	return nil
}

// dropStored forgets the bitmaps that are kept in the image.
func (n *Node) dropStored() {
	n.bitmaps = slices.DeleteFunc(n.bitmaps, func(b *bitmap) bool { return b.persistent })
}

// mayPersist returns why a bitmap cannot be kept in a node's image, nil when it
// can.
func (n *Node) mayPersist(name string, granularity int64) error {
	s := n.store()
	switch {
	case n.readOnly || !n.active:
		return fmt.Errorf("Cannot add a persistent bitmap to read-only or inactive node '%s'", n.label())
	case s == nil:
		return fmt.Errorf("Can't store persistent bitmaps to %s: Operation not supported", n.label())
	}
	others := 0
	for _, b := range n.bitmaps {
		if b.persistent && !slices.ContainsFunc(s.Bitmaps(), func(o qcow2.Bitmap) bool { return o.Name == b.name }) {
			others++
		}
	}
	if err := s.MayStore(name, granularity, others); err != nil {
		return fmt.Errorf("Can't make bitmap '%s' persistent in '%s': %w", name, n.label(), err)
	}
	return nil
}

// forgetStored removes a bitmap from the image.
func (n *Node) forgetStored(b *bitmap) error {
	switch s := n.store(); {
	case !b.persistent || s == nil:
		return nil
	case n.readOnly:
		return fmt.Errorf("Cannot remove persistent bitmap '%s': no write access to node '%s'", b.name, n.label())
	default:
		return s.RemoveBitmap(b.name)
	}
}

// bits are the parts of the set, the first in the lowest bit of the first byte.
func (s *granules) bits() []byte {
	var p []byte
	for _, w := range s.words {
		p = binary.LittleEndian.AppendUint64(p, w)
	}
	return p
}

// setBits is the counterpart of bits, for an image of a length.
func (s *granules) setBits(p []byte, length int64) {
	for g := int64(0); g*s.size < length && g/8 < int64(len(p)); g++ {
		if p[g/8]&(1<<(g%8)) != 0 {
			s.add(g*s.size, 1)
		}
	}
}
