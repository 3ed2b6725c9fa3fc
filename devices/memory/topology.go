package memory

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/qom"
)

// AddSubregion adds sub at an offset of r, with priority 0. It must be in no
// container.
func (r *Region) AddSubregion(offset uint64, sub *Region) {
	r.AddSubregionOverlap(offset, sub, 0)
}

// AddSubregionOverlap adds sub at an offset of r. Where subregions overlap the
// higher priority shows, the newer among equals; the container's own content
// has the lowest.
func (r *Region) AddSubregionOverlap(offset uint64, sub *Region, priority int32) {
	if sub.container != nil {
		panic(fmt.Sprintf("memory: region %q is in container %q already", sub.label, sub.container.label))
	}
	r.sys.Begin()
	defer r.sys.Commit()
	sub.addr, sub.priority = offset, priority
	r.insert(sub)
	if sub.owner != nil && sub.owner != r.owner {
		sub.hold = new(qom.Hold)
		sub.owner.HoldBy(sub.hold, r.owner, qom.HoldSubregion, sub.label+" in container "+r.label, 1)
	}
}

func (r *Region) insert(sub *Region) {
	sub.container = r
	at := 0
	k := r.relatives()
	for at < len(k.subregions) && k.subregions[at].priority > sub.priority {
		at++
	}
	k.subregions = slices.Insert(k.subregions, at, sub)
	r.sys.changed(r)
}

func (r *Region) remove(sub *Region) {
	if i := slices.Index(r.subregions(), sub); i >= 0 {
		r.kin.subregions = slices.Delete(r.kin.subregions, i, i+1)
	}
	sub.container = nil
	r.sys.changed(r)
}

// DelSubregion takes sub out of r. Views that show it are thrown away, so that
// its owner is held until the grace period ends.
func (r *Region) DelSubregion(sub *Region) {
	if sub.container != r {
		panic(fmt.Sprintf("memory: region %q is not in container %q", sub.label, r.label))
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.remove(sub)
	if h := sub.hold; h != nil {
		sub.hold = nil
		h.Release() // the last reference may go here, and sub with it
	}
}

// SetEnabled makes the region show or not.
func (r *Region) SetEnabled(enabled bool) {
	if r.disabled == !enabled {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.disabled = !enabled
	r.sys.changed(r)
}

// SetAddress moves the region within its container; it becomes the newest.
func (r *Region) SetAddress(addr uint64) {
	if r.addr == addr {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.addr = addr
	r.reinsert()
}

// SetPriority changes the priority within the container.
func (r *Region) SetPriority(priority int32) {
	if r.priority == priority {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.priority = priority
	r.reinsert()
}

// reinsert puts the region in its place again; the reference that the
// container has stays.
func (r *Region) reinsert() {
	if c := r.container; c != nil {
		c.remove(r)
		c.insert(r)
	}
	r.sys.changed(r)
}

// SetSize changes the size, in bytes; the largest number stands for 2^64. RAM
// and ROM keep their size.
func (r *Region) SetSize(size uint64) {
	n := wideSize(size)
	if r.ram != nil || n == r.size {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.size = n
	r.sys.changed(r)
}

// SetReadOnly makes writes to the region fail, or not. For an alias it says so
// of what shows through.
func (r *Region) SetReadOnly(readOnly bool) {
	if r.readOnly == readOnly {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.readOnly = readOnly
	r.sys.changed(r)
}

// SetAliasOffset moves the window of an alias on its target.
func (r *Region) SetAliasOffset(offset uint64) {
	if r.aliasOffset == offset {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	r.aliasOffset = offset
	r.sys.changed(r)
}
