package memory

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The oracle: what shows at one address is found by walking the regions from
// the root, without any view.
type cell struct {
	region   *Region
	offset   uint64
	readOnly bool
}

// late reports whether the device is gone and only an alias shows it still.
func (c cell) late() bool { return c.region.gate != nil && c.region.gate.Closed() }

// probe answers what shows of r at an address relative to its start.
func probe(r *Region, at int64, depth int) (cell, bool) {
	if r.disabled || at < 0 || r.size.hi == 0 && uint64(at) >= r.size.lo || depth > 12 {
		return cell{}, false
	}
	if r.kind == KindAlias {
		if r.target == nil {
			return cell{}, false
		}
		c, ok := probe(r.target, at+int64(r.aliasOffset), depth+1)
		c.readOnly = c.readOnly || r.readOnly
		return c, ok
	}
	for _, sub := range r.subregions() {
		if c, ok := probe(sub, at-int64(sub.addr), depth+1); ok {
			c.readOnly = c.readOnly || r.readOnly
			return c, true
		}
	}
	if r.kind == KindContainer {
		return cell{}, false
	}
	return cell{r, uint64(at), r.readOnly}, true
}

const modelSpan = 96 // addresses that are compared

// topology is a machine that random steps change.
type topology struct {
	m       *machine
	regions []*Region // all but the root; a container may only have later ones
	devices []*device
	gone    []*device                        // unplugged, maybe not free yet
	content map[*Region]*[4 * modelSpan]byte // of RAM
	n       int
}

func (tp *topology) check(t *rapid.T) {
	tp.m.t = t
	v := tp.m.memory.Current()
	for i := range v.ranges {
		g := &v.ranges[i]
		if g.First > g.Last || i > 0 && v.ranges[i-1].Last >= g.First {
			t.Fatalf("range %d of %+v is out of order", i, v.ranges)
		}
		if i > 0 {
			p := &v.ranges[i-1]
			if p.Last+1 == g.First && p.Region == g.Region && p.ReadOnly == g.ReadOnly && p.Offset+g.First-p.First == g.Offset {
				t.Fatalf("ranges %d and %d are not merged", i-1, i)
			}
		}
	}
	for at := range uint64(modelSpan) {
		c, ok := probe(&tp.m.mem, int64(at), 0)
		g := v.Lookup(at)
		if (g != nil) != ok {
			t.Fatalf("address %#x: view has %+v, tree %+v %v", at, g, c, ok)
		}
		var got [1]byte
		res := tp.m.memory.Read(at, got[:])
		if !ok {
			if res != DecodeError || got[0] != 0 {
				t.Fatalf("address %#x: read %#x, %d where nothing is", at, got, res)
			}
			continue
		}
		if g.Region != c.region || g.Offset+at-g.First != c.offset || g.ReadOnly != c.readOnly {
			t.Fatalf("address %#x: view has %s+%#x ro %v, tree %s+%#x ro %v", at,
				g.Region.label, g.Offset+at-g.First, g.ReadOnly, c.region.label, c.offset, c.readOnly)
		}
		want, wantRes := byte(c.offset*7), OK
		if mem := tp.content[c.region]; mem != nil {
			want = mem[c.offset]
		} else if c.late() {
			want, wantRes = 0, DecodeError
		}
		if got[0] != want || res != wantRes {
			t.Fatalf("address %#x: read %#x, %d, want %#x, %d", at, got[0], res, want, wantRes)
		}
	}
	for err := range tp.m.treeErrors() {
		t.Fatal(err)
	}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		tp := &topology{m: m, content: map[*Region]*[4 * modelSpan]byte{}}
		pick := func(t *rapid.T, what string) *Region {
			if len(tp.regions) == 0 {
				t.Skip("no region")
			}
			return tp.regions[rapid.IntRange(0, len(tp.regions)-1).Draw(t, what)]
		}
		addr := rapid.Uint64Range(0, modelSpan)
		prio := rapid.Int32Range(-2, 2)
		index := func(r *Region) int {
			for i, x := range tp.regions {
				if x == r {
					return i
				}
			}
			return -1
		}
		t.Repeat(map[string]func(*rapid.T){
			"": tp.check,
			"new": func(t *rapid.T) {
				tp.n++
				d := m.plug(fmt.Sprint("d", tp.n))
				tp.devices = append(tp.devices, d)
				d.read = func(a uint64, _ int) uint64 { return uint64(byte(a * 7)) }
				r, name := &d.r, fmt.Sprint("r", tp.n)
				size := rapid.OneOf(rapid.Uint64Range(0, modelSpan), rapid.Just(uint64(math.MaxUint64))).Draw(t, "size")
				owner := &d.Object
				if rapid.Bool().Draw(t, "core") {
					owner = &d.core.Object
				}
				switch kind := rapid.SampledFrom([]Kind{KindContainer, KindContainer, KindIO, KindRAM, KindROM, KindAlias, KindAlias}).Draw(t, "kind"); {
				case kind == KindAlias && len(tp.regions) > 0:
					r.InitAlias(m.System, owner, name, pick(t, "target"), rapid.Uint64Range(0, modelSpan).Draw(t, "offset"), size)
				case kind == KindIO:
					r.InitIO(m.System, owner, d, name, size)
				case kind == KindRAM || kind == KindROM:
					if kind == KindRAM {
						r.InitRAM(m.System, owner, name, min(size, 2*modelSpan))
					} else {
						r.InitROM(m.System, owner, name, min(size, 2*modelSpan))
					}
					mem := new([4 * modelSpan]byte)
					for i := range mem {
						mem[i] = byte(i*3 + tp.n)
					}
					r.Load(0, mem[:])
					tp.content[r] = mem
				default:
					r.Init(m.System, owner, name, size)
				}
				tp.regions = append(tp.regions, r)
			},
			"add": func(t *rapid.T) {
				sub := pick(t, "sub")
				if sub.container != nil {
					t.Skip("is in a container")
				}
				// A container takes only what is younger, an alias shows only
				// what is older: no loops, if no alias is put into what it
				// shows.
				into := &m.mem
				if i := index(sub); i > 0 && rapid.Bool().Draw(t, "nested") {
					into = tp.regions[rapid.IntRange(0, i-1).Draw(t, "into")]
				}
				if into.kind == KindAlias || reaches(sub, into, 0) {
					t.Skip("no container")
				}
				into.AddSubregionOverlap(addr.Draw(t, "addr"), sub, prio.Draw(t, "prio"))
			},
			"del": func(t *rapid.T) {
				if r := pick(t, "sub"); r.container != nil {
					r.container.DelSubregion(r)
				}
			},
			"change": func(t *rapid.T) {
				r := pick(t, "region")
				m.Begin()
				if rapid.Bool().Draw(t, "render inside") {
					m.memory.Current()
				}
				for range rapid.IntRange(1, 3).Draw(t, "changes") {
					switch rapid.IntRange(0, 5).Draw(t, "what") {
					case 0:
						r.SetEnabled(!r.Enabled())
					case 1:
						r.SetAddress(addr.Draw(t, "addr"))
					case 2:
						r.SetPriority(prio.Draw(t, "prio"))
					case 3:
						r.SetSize(rapid.Uint64Range(0, modelSpan).Draw(t, "size"))
					case 4:
						if r.kind == KindRAM || r.kind == KindAlias || r.kind == KindContainer {
							r.SetReadOnly(!r.ReadOnly())
						}
					case 5:
						if r.kind == KindAlias {
							r.SetAliasOffset(addr.Draw(t, "offset"))
						}
					}
				}
				m.Commit()
			},
			"write": func(t *rapid.T) {
				at := rapid.Uint64Range(0, modelSpan-1).Draw(t, "at")
				val := rapid.Byte().Draw(t, "val")
				c, ok := probe(&m.mem, int64(at), 0)
				want := DecodeError
				if mem := tp.content[c.region]; ok && !c.readOnly && (mem != nil || !c.late()) {
					want = OK
					if mem != nil {
						mem[c.offset] = val
					}
				}
				if res := m.memory.Write(at, []byte{val}); res != want {
					t.Fatalf("write to %#x: %d, want %d", at, res, want)
				}
			},
			"unplug": func(t *rapid.T) {
				r := pick(t, "region")
				i := index(r)
				d := tp.devices[i]
				d.gate.Close()
				if r.container != nil {
					r.container.DelSubregion(r)
				}
				for _, sub := range r.Subregions() {
					r.DelSubregion(sub)
				}
				d.Unparent()
				tp.gone = append(tp.gone, d)
				tp.regions = append(tp.regions[:i:i], tp.regions[i+1:]...)
				tp.devices = append(tp.devices[:i:i], tp.devices[i+1:]...)
			},
			"settle": func(t *rapid.T) {
				m.Settle()
				m.t = t
				// What is unplugged stays only as long as an alias shows it.
				n := len(tp.devices)
				tp.gone = slices.DeleteFunc(tp.gone, func(d *device) bool { return d.Storage().Freed() })
				for _, d := range tp.gone {
					if len(d.r.aliases()) == 0 {
						t.Fatalf("%s is held by %v", d.r.label, holders(&d.Object))
					}
					n++
				}
				m.check(n)
			},
		})
		m.t = t
		m.finish()
	})
}

// reaches reports whether from shows, or could show, to.
func reaches(from, to *Region, depth int) bool {
	if from == to || depth > 20 {
		return true
	}
	if from.target != nil && reaches(from.target, to, depth+1) {
		return true
	}
	for _, sub := range from.subregions() {
		if reaches(sub, to, depth+1) {
			return true
		}
	}
	return false
}
