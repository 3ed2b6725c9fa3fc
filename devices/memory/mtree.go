package memory

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/qomd/qomd/qom"
)

// MtreeFlags choose what [System.WriteMtree] prints.
type MtreeFlags struct {
	Flat     bool // -f: views instead of trees
	Owner    bool // -o: who owns each region
	Disabled bool // -D: regions that are disabled too
}

// Identified is implemented by owners that have a user's id, by every device;
// the empty string is none. Owners are printed by it.
type Identified interface {
	ID() string
}

// WriteMtree prints the memory of the machine as "info mtree" of QEMU's human
// monitor does. QEMU lists trees and views in no particular order; here they
// come in the order the address spaces were made.
func (s *System) WriteMtree(w io.Writer, flags MtreeFlags) error {
	p := &mtree{flags: flags}
	if flags.Flat {
		p.views(s)
	} else {
		p.trees(s)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// mtree is a printer.
type mtree struct {
	strings.Builder
	flags   MtreeFlags
	targets []*Region // of the aliases that were met
}

func (p *mtree) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// trees prints each root once, under the names of all spaces that have it, and
// then the targets of aliases.
func (p *mtree) trees(s *System) {
	seen := map[*Region]bool{}
	for _, as := range s.spaces {
		if seen[as.root] {
			continue
		}
		seen[as.root] = true
		var names []string
		for _, other := range s.spaces {
			if other.root == as.root {
				names = append(names, other.name)
			}
		}
		slices.Sort(names)
		for _, n := range names {
			p.printf("address-space: %s\n", n)
		}
		p.region(as.root, 1, 0)
		p.printf("\n")
	}
	for i := 0; i < len(p.targets); i++ { // grows meanwhile
		p.printf("memory-region: %s\n", p.targets[i].label)
		p.region(p.targets[i], 1, 0)
		p.printf("\n")
	}
}

// region prints one region and its subregions.
func (p *mtree) region(r *Region, level int, base uint64) {
	first := base + r.addr
	last := first + r.lastOffset()
	if t := r.target; t != nil && !slices.Contains(p.targets, t) {
		p.targets = append(p.targets, t)
	}
	if !r.disabled || p.flags.Disabled {
		if first < base || last < first {
			p.printf("[DETECTED OVERFLOW!] ")
		}
		p.printf("%s%016x-%016x (prio %d, %s): ", strings.Repeat("  ", level), first, last, r.priority, r.typeName())
		if r.target != nil {
			p.printf("alias %s @%s %016x-%016x", r.label, r.target.label, r.aliasOffset, r.aliasOffset+r.lastOffset())
		} else {
			p.printf("%s", r.label)
		}
		if r.disabled {
			p.printf(" [disabled]")
		}
		p.owner(r)
		p.printf("\n")
	}
	subs := slices.Clone(r.subregions())
	slices.SortStableFunc(subs, func(a, b *Region) int {
		return cmp.Or(cmp.Compare(a.addr, b.addr), cmp.Compare(b.priority, a.priority))
	})
	for _, sub := range subs {
		p.region(sub, level+1, first)
	}
}

// lastOffset is the last offset inside the region, 0 when it is empty.
func (r *Region) lastOffset() uint64 {
	switch n := r.size; {
	case n.hi > 0:
		return math.MaxUint64
	case n.lo == 0:
		return 0
	default:
		return n.lo - 1
	}
}

// typeName is the sort of region as QEMU prints it: what is in no container is
// called one itself, whatever it does, unless it is memory.
func (r *Region) typeName() string {
	switch {
	case r.target != nil:
		return r.target.typeName()
	case r.ram != nil && r.readOnly:
		return "rom"
	case r.kind == KindRAMDevice:
		return "ramd"
	case r.ram != nil:
		return "ram"
	case r.container == nil && !r.sys.PlainTypes:
		return "container"
	}
	return "i/o"
}

// views prints each view once, under all spaces that show it.
func (p *mtree) views(s *System) {
	var order []*View
	users := map[*View][]*AddressSpace{}
	for _, as := range s.spaces {
		v := as.Current()
		if users[v] == nil {
			order = append(order, v)
		}
		users[v] = append(users[v], as)
	}
	for n, v := range order {
		p.printf("FlatView #%d\n", n)
		for _, as := range users[v] {
			p.printf(" AS \"%s\", root: %s", as.name, as.root.label)
			if t := as.root.target; t != nil {
				p.printf(", alias %s", t.label)
			}
			p.printf("\n")
		}
		if v.root == nil {
			p.printf(" Root memory region: (none)\n")
		} else {
			p.printf(" Root memory region: %s\n", v.root.label)
		}
		if len(v.ranges) == 0 {
			p.printf("  No rendered FlatView\n")
		}
		for i := range v.ranges {
			p.flat(&v.ranges[i])
		}
		p.printf("\n")
	}
}

func (p *mtree) flat(g *Range) {
	typ := g.Region.typeName()
	if g.ReadOnly {
		typ = "rom"
	}
	p.printf("  %016x-%016x (prio %d, %s): %s", g.First, g.Last, g.Region.priority, typ, g.Region.label)
	if g.Offset != 0 {
		p.printf(" @%016x", g.Offset)
	}
	p.owner(g.Region)
	p.printf("\n")
}

// owner prints whom a reference holds and, if that is somebody else, whose
// child the region is.
func (p *mtree) owner(r *Region) {
	if !p.flags.Owner {
		return
	}
	parent := r.Parent()
	if r.owner == nil && parent == nil {
		p.printf(" orphan")
		return
	}
	switch {
	case r.portList:
		p.printf(" owner:{obj type=memory-region-portio-list}")
	case r.owner != nil:
		p.object("owner", r.owner)
	}
	if parent != nil && (r.portList || parent != r.owner) {
		p.object("parent", parent)
	}
}

func (p *mtree) object(label string, o *qom.Object) {
	kind := "obj"
	if o.Is("device") {
		kind = "dev"
		if d, ok := o.Self().(Identified); ok && d.ID() != "" {
			p.printf(" %s:{dev id=%s}", label, d.ID())
			return
		}
	}
	if path := o.Path(); path != "" {
		p.printf(" %s:{%s path=%s}", label, kind, path)
	} else {
		p.printf(" %s:{%s type=%s}", label, kind, o.TypeName())
	}
}
