package lifetime_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/qom"
)

// pairTypes has a box with a lid embedded in it.
func pairTypes() *qom.Types {
	types := qom.NewTypes(nil)
	types.Add(qom.TypeInfo{Name: "device", Parent: "object", Abstract: true})
	types.Add(qom.TypeInfo{Name: "lid", Parent: "object", New: func() qom.Instance { return new(lid) }})
	types.Add(qom.TypeInfo{Name: "box", Parent: "device", New: func() qom.Instance { return new(box) },
		Init: func(o *qom.Object) {
			if _, err := o.Tree().EmbedChild(o, o, "lid", &o.Self().(*box).lid, "lid"); err != nil {
				panic(err)
			}
		}})
	return types
}

type box struct {
	qom.Object
	lid lid
}

type lid struct{ qom.Object }

// shelf is a tree with boxes and a clock that the test sets.
type shelf struct {
	*qom.Tree
	t   *testing.T
	now int64
}

func newShelf(t *testing.T, rules string) *shelf {
	t.Helper()
	r, err := lifetime.ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{Tree: qom.NewTree(pairTypes()), t: t}
	r.Apply(s.Tree)
	s.OnViolation = func(v qom.Violation) { t.Error(v) }
	s.Now = func() int64 { return s.now }
	return s
}

func (s *shelf) box(name string) *box {
	s.t.Helper()
	o, err := s.NewChild(s.Root(), name, "box")
	if err != nil {
		s.t.Fatal(err)
	}
	return o.Self().(*box)
}

func (s *shelf) link(from, to *qom.Object) *qom.Link {
	s.t.Helper()
	l, err := from.AddLink("to", "object", false, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	l.Set(to)
	return l
}

func (s *shelf) print() string {
	var b strings.Builder
	lifetime.Write(&b, lifetime.Draining(s.Tree))
	return b.String()
}

func TestWrite(t *testing.T) {
	s := newShelf(t, "")
	s.now = 1e9
	b := s.box("x0")
	h := b.lid.Hold(qom.HoldDMAMap, "virtio-blk vb, request 1, 512 bytes at 0xe0000000")
	n := b.lid.HoldN(qom.HoldFlatRange, "view of memory", 12)
	s.now = 2.2e9
	b.Unparent()
	s.now = 3.4e9
	want := `/x0 (box #2): unplugged 1.2s ago, DEVICE_DELETED is not sent yet
  lid is held by
    dma-map: virtio-blk vb, request 1, 512 bytes at 0xe0000000, 2.4s
    flat-range: view of memory (12 times), 2.4s
`
	if diff := cmp.Diff(want, s.print()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantHolders := "lid by dma-map virtio-blk vb, request 1, 512 bytes at 0xe0000000; lid by flat-range view of memory"
	if got := lifetime.Draining(s.Tree)[0].Holders(); got != wantHolders {
		t.Errorf("holders: %s", got)
	}
	var dot strings.Builder
	lifetime.WriteDot(&dot, lifetime.Draining(s.Tree))
	wantDot := `digraph references {
  rankdir=LR; node [shape=box, fontname="sans-serif"]; edge [fontname="sans-serif"];
  subgraph cluster_2 {
    label="/x0 (box #2)\nunplugged 1.2s ago";
    o2_0 [label="lid\nlive"];
  }
  h0 [shape=ellipse, label="virtio-blk vb, request 1, 512 bytes at 0xe0000000"];
  h0 -> o2_0 [label="dma-map\n2.4s"];
  h1 [shape=ellipse, label="view of memory"];
  h1 -> o2_0 [label="flat-range x12\n2.4s"];
}
`
	if diff := cmp.Diff(wantDot, dot.String()); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
	h.Release()
	n.Release()
	if got := s.print(); got != "" {
		t.Errorf("still drains:\n%s", got)
	}
}

// Storage that only leaving storage holds is told apart from storage that
// somebody may yet let go.
func TestCycles(t *testing.T) {
	stuck := func(s *shelf) (list []string) {
		for _, d := range lifetime.Draining(s.Tree) {
			if d.Cycle {
				list = append(list, d.Path)
			}
		}
		return list
	}
	s := newShelf(t, "")
	a, b, c := s.box("a"), s.box("b"), s.box("c")
	s.link(&a.lid.Object, &a.Object)     // child to parent
	ab := s.link(&a.Object, &b.Object)   // from a leaving one
	s.link(&b.Object, &c.Object)         // and on
	bc := b.Hold(qom.HoldUser, "a test") // somebody who may let go
	a.Unparent()
	b.Unparent()
	if diff := cmp.Diff([]string{"/a"}, stuck(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	bc.Release()
	if diff := cmp.Diff([]string{"/a", "/b"}, stuck(s)); diff != "" {
		t.Errorf("when nobody else holds b (-want +got):\n%s", diff)
	}
	c.Unparent()
	if diff := cmp.Diff([]string{"/a", "/b", "/c"}, stuck(s)); diff != "" {
		t.Errorf("with c (-want +got):\n%s", diff)
	}
	if text := s.print(); strings.Count(text, "it will never be freed") != 3 {
		t.Errorf("printed:\n%s", text)
	}
	ab.Set(nil) // by hand; b and c go
	if diff := cmp.Diff([]string{"/a"}, stuck(s)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
	if all := lifetime.All(s.Tree); len(all) != 2 || all[1].Path != "/a" {
		t.Errorf("not freed: %+v", all)
	}
}

func TestRules(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "storage-ref": "", "classic": "", "aggregate": "", "qemu-7.2": "", "box:aggregate": "", "classic+box:aggregate+lid:classic": "",
		"new":                  "lifetime 'new' is none of storage-ref, classic, aggregate, qemu-7.2",
		"classic+aggregate":    "lifetime 'classic+aggregate' has more than one model",
		"box:":                 "lifetime 'box:' has no policy for a type in 'box:'",
		":classic":             "lifetime ':classic' has no policy for a type in ':classic'",
		"classic+box:qemu-7.2": "lifetime 'classic+box:qemu-7.2' has no policy for a type in 'box:qemu-7.2'",
	} {
		_, err := lifetime.ParseRules(text)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	s := newShelf(t, "classic+device:aggregate")
	if p := s.box("b").Storage().Policy(); p != qom.Aggregate {
		t.Errorf("a box has policy %s", p)
	}
	o, err := s.NewChild(s.Root(), "c", "container")
	if err != nil || o.Storage().Policy() != qom.Classic {
		t.Errorf("a container has policy %s, %v", o.Storage().Policy(), err)
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add("storage-ref+qemu-xhci:aggregate")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := lifetime.ParseRules(text)
		if err == nil && strings.Count(text, ":") < len(r.Types) {
			t.Errorf("%q: %v", text, r)
		}
	})
}

func TestAge(t *testing.T) {
	for micros, want := range map[int64]string{
		0: "<1ms", 999: "<1ms", 350_400: "350ms", 1_240_000: "1.2s", 59_940_000: "59.9s", 240_000_000: "4m0s", 11_520_000_000: "3h12m0s",
	} {
		if got := lifetime.Age(micros); got != want {
			t.Errorf("%d: %s, want %s", micros, got, want)
		}
	}
}
