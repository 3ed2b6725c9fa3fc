package guest

import "slices"

// span is a range of addresses, up to but without to, given to an owner.
type span struct {
	from, to uint64
	owner    uint16
}

// room is a range of addresses that is given out piece by piece.
type room struct {
	from, to uint64
	taken    []span // in order of addresses
}

// take gives out a piece of a power of two bytes, aligned to its size, at the
// lowest place that is free.
func (r *room) take(size uint64, owner uint16) (at uint64, ok bool) {
	align := func(v uint64) uint64 { return (v + size - 1) &^ (size - 1) }
	if size == 0 || size > r.to-r.from {
		return 0, false
	}
	at = align(r.from)
	i := 0
	for ; i < len(r.taken) && r.taken[i].from < at+size; i++ {
		at = max(at, align(r.taken[i].to))
	}
	if at+size > r.to {
		return 0, false
	}
	r.taken = slices.Insert(r.taken, i, span{at, at + size, owner})
	return at, true
}

// free takes back everything an owner has.
func (r *room) free(owner uint16) {
	r.taken = slices.DeleteFunc(r.taken, func(s span) bool { return s.owner == owner })
}

// end is the address after the highest piece.
func (r *room) end() uint64 {
	if len(r.taken) == 0 {
		return r.from
	}
	return r.taken[len(r.taken)-1].to
}

// rest is what is left above the highest piece, from a multiple of align on,
// for a bridge that is about to be scanned.
func (r *room) rest(align uint64) room {
	from := (r.end() + align - 1) &^ (align - 1)
	return room{from: min(from, r.to), to: r.to}
}

// claim ends the scan of a bridge, the owner: it keeps what was given out
// below, and at least spare bytes, and returns them, false when there is no
// room at all.
func (r *room) claim(below *room, owner uint16, align, spare uint64) (span, bool) {
	to := max(below.end(), below.from+spare)
	to = min((to+align-1)&^(align-1), r.to)
	if to <= below.from {
		below.to = below.from
		return span{}, false
	}
	below.to = to
	s := span{below.from, to, owner}
	r.taken = append(r.taken, s)
	return s, true
}
