package memory

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/qom"
)

// viewRoot finds the region that a tree amounts to: an alias of all of its
// target, or a container whose only enabled subregion covers it, is replaced
// by that. Spaces of the same view root share one view. A tree that shows
// nothing has none. The regions on the way are appended to chain.
func viewRoot(r *Region, chain []*Region) (*Region, []*Region) {
	for r != nil {
		chain = append(chain, r)
		if r.disabled || r.leaving() {
			return nil, chain
		}
		switch {
		case r.kind == KindAlias:
			if r.target == nil {
				return nil, chain
			}
			if r.aliasOffset != 0 || r.size.less(r.target.size) || r.readOnly {
				return r, chain
			}
			r = r.target
		case r.kind == KindContainer && !r.readOnly:
			enabled := 0
			var only *Region
			for _, sub := range r.subregions() {
				if !sub.disabled {
					enabled++
					only = sub
				}
			}
			switch {
			case enabled == 0:
				return nil, chain
			case enabled > 1 || only.addr != 0 || r.size.less(only.size):
				return r, chain
			}
			r = only
		default:
			return r, chain
		}
	}
	return nil, chain
}

// leaving reports whether the owner is being finalized: an alias, which holds
// nothing, may lead to such a region. It cannot be held any more.
func (r *Region) leaving() bool { return r.owner != nil && r.owner.Ref() == qom.Finalizing }

// renderer flattens one tree.
type renderer struct {
	ranges []Range
	seen   []*Region
	number uint64
	spare  []Range // for inserting, kept between calls
}

// visit renders r, whose container lies at base, as far as it is inside
// [from, to). Regions come highest priority first, so that whatever is there
// already stays.
func (b *renderer) visit(r *Region, base, from, to int128, readOnly bool) {
	if r.mark != b.number {
		r.mark = b.number
		b.seen = append(b.seen, r)
	}
	if r.disabled || r.leaving() {
		return
	}
	readOnly = readOnly || r.readOnly
	base = base.add(wide(r.addr))
	from, to = max128(from, base), min128(to, base.add(r.size))
	if !from.less(to) {
		return
	}
	if r.kind == KindAlias {
		if t := r.target; t != nil {
			b.visit(t, base.sub(wide(t.addr)).sub(wide(r.aliasOffset)), from, to, readOnly)
		}
		return
	}
	for _, sub := range r.subregions() {
		b.visit(sub, base, from, to, readOnly)
	}
	if r.kind != KindContainer {
		b.fill(r, base, from, to, readOnly)
	}
}

// fill lets r show in the gaps of [from, to).
func (b *renderer) fill(r *Region, base, from, to int128, readOnly bool) {
	at, end := from.lo, to.sub(one128).lo
	first, _ := slices.BinarySearchFunc(b.ranges, at, func(g Range, at uint64) int {
		if g.Last < at {
			return -1
		}
		return 1
	})
	gaps := b.spare[:0]
	next := first
	for {
		if next == len(b.ranges) || b.ranges[next].First > end {
			gaps = append(gaps, show(r, base, at, end, readOnly))
			break
		}
		g := b.ranges[next]
		next++
		if at < g.First {
			gaps = append(gaps, show(r, base, at, g.First-1, readOnly))
		}
		gaps = append(gaps, g)
		if g.Last >= end {
			break
		}
		at = g.Last + 1
	}
	b.ranges = slices.Replace(b.ranges, first, next, gaps...)
	b.spare = gaps
}

// show is the range from first to last of r, whose start lies at base.
func show(r *Region, base int128, first, last uint64, readOnly bool) Range {
	return Range{First: first, Last: last, Region: r, Offset: wide(first).sub(base).lo, ReadOnly: readOnly}
}

// merge joins neighbours that continue each other.
func (b *renderer) merge() {
	out := b.ranges[:0]
	for _, g := range b.ranges {
		if n := len(out); n > 0 {
			p := &out[n-1]
			if p.Last+1 == g.First && p.Region == g.Region && p.ReadOnly == g.ReadOnly &&
				p.Offset+(g.First-p.First) == g.Offset {
				p.Last = g.Last
				continue
			}
		}
		out = append(out, g)
	}
	b.ranges = out
}

// render makes the view of a root and takes its references.
func (s *System) render(root *Region) *View {
	s.rendered++
	b := renderer{number: s.rendered}
	// The root lies at 0, wherever its container has it.
	b.visit(root, int128{}.sub(wide(root.addr)), int128{}, int128{1, 0}, false)
	b.merge()
	v := &View{sys: s, root: root, number: s.rendered,
		ranges: slices.Clip(b.ranges), seen: slices.Clip(b.seen)}
	v.hold()
	return v
}

// hold takes one token per owner, for all its ranges, and one for the root.
func (v *View) hold() {
	type share struct {
		owner *qom.Object
		n     uint32
	}
	var shares []share
	index := map[*qom.Object]int{}
	for i := range v.ranges {
		r := v.ranges[i].Region
		r.gateOf()
		if r.owner == nil {
			continue
		}
		at, known := index[r.owner]
		if !known {
			at = len(shares)
			index[r.owner] = at
			shares = append(shares, share{owner: r.owner})
		}
		shares[at].n++
	}
	v.holds = make([]qom.Hold, len(shares)+1) // never grows: tokens are linked
	who := fmt.Sprintf("flat view %d of %s", v.number, v.root.label)
	for i, sh := range shares {
		sh.owner.HoldInto(&v.holds[i], qom.HoldFlatRange, who, sh.n)
	}
	if o := v.root.owner; o != nil {
		o.HoldInto(&v.holds[len(shares)], qom.HoldViewRoot, who, 1)
	}
}
