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

// set changes a setting of the region in a transaction, unless it is that
// already; then tells the region's surroundings.
func set[T comparable](r *Region, setting *T, to T, then func(*Region)) {
	if *setting == to {
		return
	}
	r.sys.Begin()
	defer r.sys.Commit()
	*setting = to
	then(r)
}

// changed is for settings that show where the region is.
func (r *Region) changed() { r.sys.changed(r) }

// reinsert is for settings that decide about the region's place in its container.
// The reference that the container has stays.
func (r *Region) reinsert() {
	if c := r.container; c != nil {
		c.remove(r)
		c.insert(r)
	}
	r.sys.changed(r)
}

// SetEnabled makes the region show or not.
func (r *Region) SetEnabled(enabled bool) { set(r, &r.disabled, !enabled, (*Region).changed) }

// SetAddress moves the region within its container; it becomes the newest.
func (r *Region) SetAddress(addr uint64) { set(r, &r.addr, addr, (*Region).reinsert) }

// SetPriority changes the priority within the container.
func (r *Region) SetPriority(priority int32) { set(r, &r.priority, priority, (*Region).reinsert) }

// SetSize changes the size, in bytes; the largest number stands for 2^64. RAM
// and ROM keep their size.
func (r *Region) SetSize(size uint64) {
	if r.ram == nil {
		set(r, &r.size, wideSize(size), (*Region).changed)
	}
}

// SetReadOnly makes writes to the region fail, or not. For an alias it says so
// of what shows through.
func (r *Region) SetReadOnly(readOnly bool) { set(r, &r.readOnly, readOnly, (*Region).changed) }

// SetAliasOffset moves the window of an alias on its target.
func (r *Region) SetAliasOffset(offset uint64) { set(r, &r.aliasOffset, offset, (*Region).changed) }
