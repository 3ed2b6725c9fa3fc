package memory

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qom"
)

// flat describes the view of a space, a range per line.
func flat(as *AddressSpace) []string {
	var list []string
	for _, g := range as.Current().Ranges() {
		s := fmt.Sprintf("%x-%x %s", g.First, g.Last, g.Region.Label())
		if g.Offset != 0 {
			s += fmt.Sprintf(" @%x", g.Offset)
		}
		if g.ReadOnly {
			s += " ro"
		}
		list = append(list, s)
	}
	return list
}

func TestRender(t *testing.T) {
	const all = math.MaxUint64
	for _, tc := range []struct {
		name  string
		build func(m *machine, r func(name string, size uint64) *Region)
		want  []string
	}{
		{"newest of equals wins", func(m *machine, r func(string, uint64) *Region) {
			m.mem.AddSubregion(0, r("old", 8))
			m.mem.AddSubregion(4, r("new", 8))
		}, []string{"0-3 old", "4-b new"}},
		{"priority wins over age", func(m *machine, r func(string, uint64) *Region) {
			m.mem.AddSubregionOverlap(0, r("old", 8), 1)
			m.mem.AddSubregion(4, r("new", 8))
			m.mem.AddSubregionOverlap(2, r("low", 16), -1)
		}, []string{"0-7 old", "8-b new @4", "c-11 low @a"}},
		{"a hole in a large region", func(m *machine, r func(string, uint64) *Region) {
			m.mem.AddSubregion(0, r("big", all))
			m.mem.AddSubregion(0x100, r("small", 1))
		}, []string{"0-ff big", "100-100 small", "101-ffffffffffffffff big @101"}},
		{"a move makes it the newest", func(m *machine, r func(string, uint64) *Region) {
			a, b := r("a", 4), r("b", 4)
			m.mem.AddSubregion(8, a)
			m.mem.AddSubregion(0, b)
			a.SetAddress(2)
		}, []string{"0-1 b", "2-5 a"}},
		{"alias of a part, read-only", func(m *machine, r func(string, uint64) *Region) {
			x := r("x", 0x100)
			a := new(Region)
			a.InitAlias(m.System, nil, "a", x, 0x10, 0x20)
			a.SetReadOnly(true)
			m.mem.AddSubregion(0x1000, a)
			m.mem.AddSubregion(0x1010, r("y", 4))
		}, []string{"1000-100f x @10 ro", "1010-1013 y", "1014-101f x @24 ro"}},
		{"two aliases that continue each other merge", func(m *machine, r func(string, uint64) *Region) {
			x := r("x", 0x100)
			for i := range uint64(2) {
				a := new(Region)
				a.InitAlias(m.System, nil, "a", x, i*0x80, 0x80)
				m.mem.AddSubregion(i*0x80, a)
			}
		}, []string{"0-ff x"}},
		{"two aliases with a hole between them do not", func(m *machine, r func(string, uint64) *Region) {
			x := r("x", 0x100)
			for i := range uint64(2) {
				a := new(Region)
				a.InitAlias(m.System, nil, "a", x, i*0x80, 0x40)
				m.mem.AddSubregion(i*0x80, a)
			}
		}, []string{"0-3f x", "80-bf x @80"}},
		{"alias smaller than its target clips", func(m *machine, r func(string, uint64) *Region) {
			a := new(Region)
			a.InitAlias(m.System, nil, "a", r("x", 0x100), 0, 0x80)
			m.mem.AddSubregion(0, a)
		}, []string{"0-7f x"}},
		{"alias of a place high up", func(m *machine, r func(string, uint64) *Region) {
			// What lies before the target's start must not show.
			x := new(Region)
			x.Init(m.System, nil, "x", all)
			x.AddSubregion(all-3, r("top", 4))
			a := new(Region)
			a.InitAlias(m.System, nil, "a", x, all-7, 0x20)
			m.mem.AddSubregion(0x10, a)
		}, []string{"14-17 top"}},
		{"reservation hides", func(m *machine, r func(string, uint64) *Region) {
			m.mem.AddSubregion(0, r("x", 0x10))
			v := new(Region)
			v.InitReservation(m.System, nil, "hole", 4)
			m.mem.AddSubregionOverlap(4, v, 1)
		}, []string{"0-3 x", "4-7 hole", "8-f x @8"}},
		{"disabled and empty regions do not show", func(m *machine, r func(string, uint64) *Region) {
			x := r("x", 0x10)
			m.mem.AddSubregion(0, x)
			x.SetEnabled(false)
			m.mem.AddSubregion(0, r("none", 0))
		}, nil},
		{"a container clips", func(m *machine, r func(string, uint64) *Region) {
			c := new(Region)
			c.Init(m.System, nil, "c", 8)
			c.AddSubregion(4, r("x", 0x10))
			m.mem.AddSubregion(0x10, c)
			m.mem.AddSubregion(0x40, r("y", 1))
		}, []string{"14-17 x", "40-40 y"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMachine(t)
			m.memory.Current() // so that the changes have something to discard
			tc.build(m, func(name string, size uint64) *Region {
				r := new(Region)
				r.InitIO(m.System, nil, Funcs{}, name, size)
				return r
			})
			if diff := cmp.Diff(tc.want, flat(m.memory)); diff != "" {
				t.Errorf("view (-want +got):\n%s", diff)
			}
			m.check(0)
			m.finish()
		})
	}
}

// Spaces whose roots amount to the same share a view: a device's space is an
// alias of the system's, switched on and off by its bus master bit.
func TestSharedViews(t *testing.T) {
	m := newMachine(t)
	var ram Region
	ram.InitRAM(m.System, nil, "ram", 1<<20)
	m.mem.AddSubregion(0x1000, &ram)
	d := m.plug("card")
	d.r.Init(m.System, &d.Object, "bus master container", math.MaxUint64)
	d.other.InitAlias(m.System, &d.Object, "bus master", &m.mem, 0, math.MaxUint64)
	d.other.SetEnabled(false)
	d.r.AddSubregion(0, &d.other)
	dma := m.NewSpace(&d.r, "card")

	if v := dma.Current(); v.Root() != nil || len(v.Ranges()) != 0 {
		t.Errorf("view of a disabled space: %+v", v)
	}
	d.other.SetEnabled(true)
	if dma.Current() != m.memory.Current() {
		t.Error("the views differ")
	}
	shared := m.memory.Current()
	d.other.SetEnabled(false)
	if dma.View() != nil || m.memory.View() != shared {
		t.Error("switching the device off had the wrong effect")
	}
	d.other.SetEnabled(true)
	if dma.Current() != shared {
		t.Error("a second view of the same was rendered")
	}
	ram.SetAddress(0x2000)
	if dma.View() != nil || m.memory.View() != nil {
		t.Error("stale views stay")
	}
	if diff := cmp.Diff([]string{"as-root: address space card"}, holders(&d.Object)); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if st := m.Stats(); st.Rendered != 1 || st.Discarded != 1 {
		t.Errorf("%+v", st)
	}
	d.Unparent()
	m.Settle()
	m.check(1) // the space holds the device that owns its root
	dma.Destroy()
	dma.Destroy() // harmless
	m.Settle()
	m.check(0)
	m.finish()
}

func TestRangesAreCountedPerOwner(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	d.r.InitIO(m.System, &d.Object, d, "r", 0x100)
	d.other.InitIO(m.System, &d.Object, d, "other", 0x10)
	m.mem.AddSubregion(0x1000, &d.r)
	m.mem.AddSubregion(0x1040, &d.other)
	m.memory.Current()
	for _, h := range d.Holds() {
		if h.Kind() == qom.HoldFlatRange && h.Count() != 3 {
			t.Errorf("view holds %d references, want 3", h.Count())
		}
	}
	m.check(1)
	m.finish()
}

// An alias does not hold the owner of its target. When the target goes the
// alias shows nothing, also to those who look while it is going.
func TestAliasOutlivesTarget(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	d.r.InitIO(m.System, &d.Object, d, "first", 0x10)
	d.other.InitIO(m.System, &d.Object, d, "second", 0x10)
	var a, b Region
	a.InitAlias(m.System, nil, "a", &d.r, 0, 0x10)
	b.InitAlias(m.System, nil, "b", &d.other, 0, 0x10)
	m.mem.AddSubregion(0, &a)
	m.mem.AddSubregion(0x20, &b)
	// One that amounts to the target as a whole.
	var whole Region
	whole.InitAlias(m.System, nil, "whole", &d.r, 0, 0x10)
	direct := m.NewSpace(&whole, "direct")
	if root := direct.Current().Root(); root != &d.r {
		t.Errorf("view of an alias has root %v", root)
	}
	direct.discard()
	m.Settle()
	looks := 0
	stop := m.Listen(func() { looks++; m.memory.Current(); direct.Current() })
	d.Unparent()
	if looks == 0 {
		t.Error("nobody looked")
	}
	for _, as := range m.Spaces() {
		if diff := cmp.Diff([]string(nil), flat(as)); as != m.ports && diff != "" {
			t.Errorf("view of %s (-want +got):\n%s", as.Name(), diff)
		}
	}
	stop()
	m.Settle()
	m.check(0)
	m.finish()
}

func TestTransactions(t *testing.T) {
	m := newMachine(t)
	var r Region
	r.InitIO(m.System, nil, Funcs{}, "r", 4)
	commits := 0
	defer m.Listen(func() { commits++ })()
	before := m.memory.Current()
	m.Begin()
	m.Begin()
	m.mem.AddSubregion(0, &r)
	r.SetAddress(4)
	m.Commit()
	if m.memory.View() != before || commits != 0 {
		t.Error("the inner commit shows")
	}
	m.Commit()
	if m.memory.View() == before || commits != 1 {
		t.Errorf("the outer commit does not show; %d commits", commits)
	}
	r.SetAddress(4)
	r.SetEnabled(true)
	m.Begin()
	m.Commit()
	if commits != 1 {
		t.Error("a transaction without change was announced")
	}
	m.finish()
}
