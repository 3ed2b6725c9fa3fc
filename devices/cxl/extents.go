package cxl

import (
	"encoding/binary"
	"slices"
)

// capacityConfig is Get Dynamic Capacity Configuration, CXL 3.1 section
// 8.2.9.9.9.1: some regions, and how many extents and tags there may be.
func (t *Type3) capacityConfig(in []byte) (code, []byte) {
	most, first := int(in[0]), int(in[1])
	if first >= len(t.regions) {
		return invalidInput, nil
	}
	list := t.regions[first:min(len(t.regions), first+most)]
	out := []byte{byte(len(t.regions)), byte(len(list)), 0, 0, 0, 0, 0, 0}
	for i, r := range list {
		for _, v := range []uint64{r.base, r.size / capacityUnit, r.size, blockSize, t.firstHandle() + uint64(first+i)} {
			out = binary.LittleEndian.AppendUint64(out, v)
		}
	}
	for _, v := range []uint32{extentLimit, uint32(extentLimit - t.capacity.count()), 0, 0} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return success, out
}

// firstHandle is the number that a description of the device's memory would give
// the first region: the other parts come before it.
func (t *Type3) firstHandle() uint64 {
	n := uint64(0)
	for _, part := range []int{volatileMemory, persistentMemory} {
		if t.media.parts[part] != nil {
			n++
		}
	}
	return n
}

const extentSize = 0x28

// listExtents is Get Dynamic Capacity Extent List, section 8.2.9.9.9.2: what was
// accepted.
func (t *Type3) listExtents(in []byte) (code, []byte) {
	most, first := uint64(binary.LittleEndian.Uint32(in)), uint64(binary.LittleEndian.Uint32(in[4:]))
	all := t.capacity.Accepted
	if first > uint64(len(all)) {
		return invalidInput, nil
	}
	out := make([]byte, 16)
	list := all[first:]
	list = list[:min(uint64(len(list)), most, (payloadSize-16)/extentSize)]
	binary.LittleEndian.PutUint32(out, uint32(len(list)))
	binary.LittleEndian.PutUint32(out[4:], uint32(len(all)))
	for _, e := range list {
		out = binary.LittleEndian.AppendUint64(out, e.Start)
		out = binary.LittleEndian.AppendUint64(out, e.Length)
		out = append(out, make([]byte, extentSize-16)...) // no tags, not shared
	}
	return success, out
}

// readExtents reads the payload of the two commands below: extents that lie in a
// region, at blocks, and do not overlap.
func (t *Type3) readExtents(in []byte) ([]extent, code) {
	n := uint64(binary.LittleEndian.Uint32(in))
	if uint64(len(in)) < 8+24*n {
		return nil, badLength
	}
	return t.checkExtents(in[8:], int(n))
}

func (t *Type3) checkExtents(in []byte, n int) ([]extent, code) {
	var list []extent
	for i := range n {
		e := extent{binary.LittleEndian.Uint64(in[24*i:]), binary.LittleEndian.Uint64(in[24*i+8:])}
		if t.regionOf(e) == nil {
			return nil, invalidPA
		}
		if e.Start%blockSize != 0 || e.Length%blockSize != 0 || slices.ContainsFunc(list, e.overlaps) {
			return nil, badExtents
		}
		list = append(list, e)
	}
	return list, success
}

// acceptCapacity is Add Dynamic Capacity Response, section 8.2.9.9.9.3: what the
// guest takes of the oldest offer, which may be nothing. The rest is withdrawn.
func (t *Type3) acceptCapacity(in []byte) (code, []byte) {
	c := &t.capacity
	if len(in) < 8 {
		return badLength, nil
	}
	if binary.LittleEndian.Uint32(in) == 0 {
		c.Offered = c.Offered[min(1, len(c.Offered)):]
		return success, nil
	}
	n := uint64(binary.LittleEndian.Uint32(in))
	if uint64(len(in)) >= 8+24*n && n+uint64(c.count()) > extentLimit {
		return exhausted, nil
	}
	list, result := t.readExtents(in)
	if result != success {
		return result, nil
	}
	for _, e := range list {
		offered := len(c.Offered) > 0 && slices.ContainsFunc(c.Offered[0], func(o extent) bool { return o.contains(e) })
		if !offered || slices.ContainsFunc(c.Accepted, e.overlaps) {
			return invalidPA, nil
		}
	}
	c.Accepted = append(c.Accepted, list...)
	c.Offered = c.Offered[1:]
	return success, nil
}

// releaseCapacity is Release Dynamic Capacity, section 8.2.9.9.9.4: the guest
// gives back accepted extents or parts of them.
func (t *Type3) releaseCapacity(in []byte) (code, []byte) {
	switch {
	case len(in) < 8:
		return badLength, nil
	case binary.LittleEndian.Uint32(in) == 0:
		return invalidInput, nil
	}
	list, result := t.readExtents(in)
	if result != success {
		return result, nil
	}
	left := slices.Clone(t.capacity.Accepted)
	for _, e := range list {
		if !t.backed(e.Start, e.Length) {
			return invalidPA, nil
		}
		left = without(left, e)
	}
	if len(left)-len(t.capacity.Accepted)+t.capacity.count() > extentLimit {
		return exhausted, nil
	}
	t.capacity.Accepted = left
	return success, nil
}

// without cuts an extent out of a list. What is left of one goes to the end.
func without(list []extent, cut extent) []extent {
	var left, rest []extent
	for _, e := range list {
		if !e.overlaps(cut) {
			left = append(left, e)
			continue
		}
		if e.Start < cut.Start {
			rest = append(rest, extent{e.Start, cut.Start - e.Start})
		}
		if end, cutEnd := e.Start+e.Length, cut.Start+cut.Length; cutEnd < end {
			rest = append(rest, extent{cutEnd, end - cutEnd})
		}
	}
	return append(left, rest...)
}
