package qjson

import (
	"iter"
	"slices"
)

// buckets is the size of QEMU's QDict (QDICT_BUCKET_MAX).
const buckets = 512

// bucket returns the hash bucket QEMU keeps a member in. The function is that of
// the Trivial Database, which QDict uses: a sum of the bytes, each shifted by a
// multiple of five below 24, then one step of a linear congruential generator.
func bucket[S string | []byte](name S) uint16 {
	sum := uint32(0x238f13af) * uint32(len(name))
	shift := uint32(0)
	for i := 0; i < len(name); i++ {
		sum += uint32(name[i]) << shift
		if shift += 5; shift >= 24 {
			shift -= 24
		}
	}
	return uint16((sum*1103515243 + 12345) % buckets)
}

// slot is the place of one member: bucket in the upper half; the lower half
// falls with the position, because QDict puts a new entry at the head of its
// bucket.
type slot struct {
	key   uint32
	index int
}

func slotOf(name string, position int) slot {
	return slot{uint32(bucket(name))<<16 | (0xffff - uint32(position)&0xffff), position}
}

// hashedSlots appends the members of o to dst in the order of QEMU's hash table.
func hashedSlots(dst []slot, members []Member) []slot {
	for i := range members {
		dst = append(dst, slotOf(members[i].Name, i))
	}
	if len(dst) <= 12 { // the usual size: insertion sort without a call per comparison
		for i := 1; i < len(dst); i++ {
			for j := i; j > 0 && dst[j].key < dst[j-1].key; j-- {
				dst[j], dst[j-1] = dst[j-1], dst[j]
			}
		}
		return dst
	}
	slices.SortFunc(dst, func(a, b slot) int { return int(int64(a.key) - int64(b.key)) })
	return dst
}

// Hashed walks through the members in the order in which QEMU walks through a
// QDict: by hash bucket, the newest first within one. QEMU writes objects in this
// order, and where several members are wrong it decides which one is reported.
func (o *Object) Hashed() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		var room [16]slot
		for _, s := range hashedSlots(room[:0], o.members) {
			m := &o.members[s.index]
			if !yield(m.Name, m.Value) {
				return
			}
		}
	}
}

// Cloned returns the members as QEMU's copy of a QDict has them: those of one
// hash bucket have changed places.
func (o *Object) Cloned() *Object {
	c := NewObject()
	for name, v := range o.Hashed() {
		c.Set(name, v)
	}
	return c
}

// AsInserted turns around the order of members, at every level: a text of QEMU's
// has them in the order of QEMU's hash table, in which the last one that
// went into a bucket comes first. Written again they come out as recorded.
func AsInserted(v any) any {
	switch v := v.(type) {
	case *Object:
		names := []string{}
		for name := range v.All() {
			names = append(names, name)
		}
		o := NewObject()
		for _, name := range slices.Backward(names) {
			member, _ := v.Get(name)
			o.Set(name, AsInserted(member))
		}
		return o
	case []any:
		for i := range v {
			v[i] = AsInserted(v[i])
		}
	}
	return v
}
