package cxl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	extentLimit = 512     // extents a device keeps, accepted or offered
	blockSize   = 2 << 20 // that capacity is counted in
)

// region is a region for dynamic capacity: a part of the device physical address
// space that memory comes to and goes from.
type region struct{ base, size uint64 }

// extent is capacity in a region.
type extent struct{ Start, Length uint64 }

func (e extent) overlaps(o extent) bool {
	return e.Start < o.Start+o.Length && o.Start < e.Start+e.Length
}

func (e extent) contains(o extent) bool {
	return o.Start >= e.Start && o.Start+o.Length <= e.Start+e.Length
}

// capacity is the dynamic capacity the guest accepted, and what was offered to it
// and waits for an answer, offer by offer.
type capacity struct {
	Accepted []extent
	Offered  [][]extent
}

// count is how many extents the device keeps.
func (c *capacity) count() int {
	n := len(c.Accepted)
	for _, offer := range c.Offered {
		n += len(offer)
	}
	return n
}

func (c *capacity) offered(e extent) bool {
	return slices.ContainsFunc(c.Offered, func(offer []extent) bool { return slices.ContainsFunc(offer, e.overlaps) })
}

// makeRegions divides the memory for dynamic capacity.
func (t *Type3) makeRegions(n int) error {
	size := t.media.size(dynamicMemory)
	each := (size + uint64(n) - 1) / uint64(n)
	base := t.media.static()
	switch {
	case size%(uint64(n)*capacityUnit) != 0:
		return fmt.Errorf("backend size is not multiple of region len: 0x%x", each)
	case base%capacityUnit != 0:
		return fmt.Errorf("DC region base not aligned to 0x%x", capacityUnit)
	}
	for i := range n {
		t.regions = append(t.regions, region{base + uint64(i)*each, each})
	}
	return nil
}

// regionOf returns the region that has all of an extent, nil if none has.
func (t *Type3) regionOf(e extent) *region {
	for i := range t.regions {
		r := &t.regions[i]
		if e.Start >= r.base && e.Start < r.base+r.size {
			if e.Length > r.base+r.size-e.Start {
				return nil
			}
			return r
		}
	}
	return nil
}

// backed reports whether memory is all over a range of dynamic capacity.
func (t *Type3) backed(start, length uint64) bool {
	end := start + length
	for start < end {
		i := slices.IndexFunc(t.capacity.Accepted, func(e extent) bool { return e.Start <= start && start < e.Start+e.Length })
		if i < 0 {
			return false
		}
		start = t.capacity.Accepted[i].Start + t.capacity.Accepted[i].Length
	}
	return true
}

// CapacityChange is capacity that comes or goes: extents by their offsets in a
// region, in bytes.
type CapacityChange struct {
	Release bool
	Region  uint8
	Extents []Span
}

// Span is a part of a region, in bytes.
type Span struct{ Offset, Length uint64 }

// OfferCapacity offers capacity to the guest, or asks it to release some: each
// extent is an event of the log for dynamic capacity. The texts are QEMU's.
func (t *Type3) OfferCapacity(c CapacityChange) error {
	switch {
	case len(t.regions) == 0:
		return errors.New("No dynamic capacity support from the device")
	case int(c.Region) >= len(t.regions):
		return errors.New("region id is too large")
	}
	r := t.regions[c.Region]
	var list []extent
	for _, x := range c.Extents {
		e := extent{r.base + x.Offset, x.Length}
		if err := t.checkExtent(r, e, x.Offset, list); err != nil {
			return err
		}
		if err := t.checkChange(c.Release, e); err != nil {
			return err
		}
		list = append(list, e)
	}
	if !c.Release && len(list) > 0 {
		t.capacity.Offered = append(t.capacity.Offered, list)
	}
	for i, e := range list {
		t.insert(logCapacity, t.capacityRecord(c.Release, e, i < len(list)-1))
	}
	return nil
}

func (t *Type3) checkExtent(r region, e extent, offset uint64, before []extent) error {
	switch {
	case e.Length == 0:
		return errors.New("extent with 0 length is not allowed")
	case offset%blockSize != 0, e.Length%blockSize != 0:
		return errors.New("dpa or len is not aligned to region block size")
	case offset > r.size, e.Length > r.size-offset:
		return errors.New("extent range is beyond the region end")
	case slices.ContainsFunc(before, e.overlaps):
		return errors.New("duplicate or overlapped extents are detected")
	}
	return nil
}

func (t *Type3) checkChange(release bool, e extent) error {
	offered := t.capacity.offered(e)
	switch {
	case release && offered:
		return errors.New("cannot release extent with pending DPA range")
	case release && !t.backed(e.Start, e.Length):
		return errors.New("cannot release extent with non-existing DPA range")
	case !release && slices.ContainsFunc(t.capacity.Accepted, e.overlaps):
		return errors.New("cannot add DPA already accessible to the same LD")
	case !release && offered:
		return errors.New("cannot add DPA again while still pending")
	}
	return nil
}

// capacityRecord is a dynamic capacity event record, CXL 3.1 table 8-50.
func (t *Type3) capacityRecord(release bool, e extent, more bool) []byte {
	r := newRecord(capacityID, 1)
	if release {
		r[recordBody] = 1
	}
	r[recordBody+1] = 1 // the region is valid
	if more {
		r[recordBody+5] = 1
	}
	binary.LittleEndian.PutUint64(r[recordBody+8:], e.Start)
	binary.LittleEndian.PutUint64(r[recordBody+16:], e.Length)
	binary.LittleEndian.PutUint32(r[0x78:], uint32(extentLimit-t.capacity.count()))
	return r
}
