package qom

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nest is a root with two embedded children, the first of which embeds one too.
type nest struct {
	Object
	a, b egg
}

type egg struct {
	Object
	yolk yolk
}

type yolk struct{ Object }

// nestTypes reports the end of every object by name.
func nestTypes(ended func(name string)) *Types {
	t := NewTypes(nil)
	end := func(o *Object) {
		if name := o.Name(); name != "" {
			ended(name)
		}
	}
	embed := func(o *Object, name string, c Instance, typ string) {
		if _, err := o.Tree().EmbedChild(o, o, name, c, typ); err != nil {
			panic(err)
		}
	}
	t.Add(TypeInfo{Name: "nest", Parent: "object", New: func() Instance { return new(nest) }, Finalize: end,
		Init: func(o *Object) {
			n := o.Self().(*nest)
			embed(o, "a", &n.a, "egg")
			embed(o, "b", &n.b, "egg")
		}})
	t.Add(TypeInfo{Name: "egg", Parent: "object", New: func() Instance { return new(egg) }, Finalize: end,
		Init: func(o *Object) {
			e := o.Self().(*egg)
			if e == &o.Storage().Root().Self().(*nest).a {
				embed(o, "yolk", &e.yolk, "yolk")
			}
		}})
	t.Add(TypeInfo{Name: "yolk", Parent: "object", New: func() Instance { return new(yolk) }, Finalize: end})
	return t
}

// nesting is a tree with one nest, under a policy.
type nesting struct {
	tree       *Tree
	n          *nest
	storage    *Storage
	ended      []string
	violations []Violation
}

func newNesting(t *testing.T, p Policy) *nesting {
	t.Helper()
	w := &nesting{}
	w.tree = NewTree(nestTypes(func(name string) { w.ended = append(w.ended, name) }))
	w.tree.Policy = p
	w.tree.OnViolation = func(v Violation) { w.violations = append(w.violations, v) }
	o, err := w.tree.NewChild(w.tree.Root(), "n", "nest")
	if err != nil {
		t.Fatal(err)
	}
	w.n, w.storage = o.Self().(*nest), o.Storage()
	w.check(t)
	return w
}

func (w *nesting) check(t *testing.T) {
	t.Helper()
	for err := range Check(w.tree) {
		t.Error(err)
	}
}

func (w *nesting) sound(t *testing.T) {
	t.Helper()
	for _, v := range w.violations {
		t.Error(v)
	}
	w.check(t)
	if !w.storage.Freed() {
		t.Error("storage not freed")
	}
}

// Who goes when, under each policy, with a holder of one member and without.
func TestPolicies(t *testing.T) {
	for _, tc := range []struct {
		policy              Policy
		hold                string
		atUnplug, atRelease []string // ends
	}{
		{StorageRef, "", []string{"b", "yolk", "a", "n"}, nil},
		{StorageRef, "a", []string{"b", "n"}, []string{"yolk", "a"}},
		{StorageRef, "yolk", []string{"b", "a", "n"}, []string{"yolk"}},
		{Aggregate, "", []string{"b", "yolk", "a", "n"}, nil},
		{Aggregate, "a", nil, []string{"b", "yolk", "a", "n"}},
		{Aggregate, "yolk", nil, []string{"b", "yolk", "a", "n"}},
		{Aggregate, "n", nil, []string{"b", "yolk", "a", "n"}},
		{Classic, "", []string{"b", "yolk", "a", "n"}, nil},
		{Classic, "n", nil, []string{"b", "yolk", "a", "n"}},
	} {
		t.Run(tc.policy.String()+" "+tc.hold, func(t *testing.T) {
			w := newNesting(t, tc.policy)
			var h *Hold
			if o := map[string]*Object{"a": &w.n.a.Object, "yolk": &w.n.a.yolk.Object, "n": &w.n.Object}[tc.hold]; o != nil {
				h = o.Hold(HoldUser, "test")
			}
			w.check(t)
			w.n.Unparent()
			w.check(t)
			if diff := cmp.Diff(tc.atUnplug, w.ended); diff != "" {
				t.Errorf("ended at unplug (-want +got):\n%s", diff)
			}
			if w.storage.Freed() != (h == nil) {
				t.Errorf("storage freed: %v", w.storage.Freed())
			}
			w.ended = nil
			if h != nil {
				h.Release()
				if got := w.storage.LastHolder(); got != "x-hold test" {
					t.Errorf("last holder %q", got)
				}
			}
			if diff := cmp.Diff(tc.atRelease, w.ended); diff != "" {
				t.Errorf("ended at release (-want +got):\n%s", diff)
			}
			w.sound(t)
		})
	}
}

// Under the rule of QEMU 11.1 an embedded object that is held is in freed memory
// once its container is gone. The use after free is told, with where the storage
// was freed and where the object was used, and does no harm.
func TestClassicUseAfterFree(t *testing.T) {
	w := newNesting(t, Classic)
	h := w.n.a.Hold(HoldDMAMap, "virtio-blk vb, request 1")
	w.n.Unparent()
	if !w.storage.Freed() {
		t.Fatal("storage not freed at the end of its owner")
	}
	if diff := cmp.Diff([]string{"b", "n"}, w.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	w.check(t)
	if len(w.violations) != 0 {
		t.Fatalf("violations before the use: %v", w.violations)
	}
	h.Release()
	w.n.a.Hold(HoldFind, "somebody")
	if len(w.violations) != 2 {
		t.Fatalf("violations %v, want 2", w.violations)
	}
	for _, v := range w.violations {
		if v.Kind != ViolationUseAfterFree || v.Generation != w.storage.Generation() || v.Type != "egg" {
			t.Errorf("violation %+v", v)
		}
		if !strings.HasPrefix(v.Site, "testing.") || !strings.HasPrefix(v.Earlier, "testing.") {
			t.Errorf("sites %q and %q", v.Site, v.Earlier)
		}
	}
	if text := w.violations[0].Text; !strings.Contains(text, `dma-map "virtio-blk vb, request 1"`) {
		t.Errorf("text %q", text)
	}
	w.check(t)
}

// Links among the members of an aggregate, in whatever circle, keep nothing.
func TestAggregateCycles(t *testing.T) {
	for name, link := range map[string]func(n *nest) [][2]*Object{
		"child to parent": func(n *nest) [][2]*Object { return [][2]*Object{{&n.a.Object, &n.Object}} },
		"siblings": func(n *nest) [][2]*Object {
			return [][2]*Object{{&n.a.Object, &n.b.Object}, {&n.b.Object, &n.a.Object}}
		},
		"grandchild to it": func(n *nest) [][2]*Object {
			return [][2]*Object{{&n.a.yolk.Object, &n.Object}, {&n.b.Object, &n.a.yolk.Object}}
		},
	} {
		for _, p := range []Policy{StorageRef, Aggregate} {
			t.Run(name+" "+p.String(), func(t *testing.T) {
				w := newNesting(t, p)
				for _, l := range link(w.n) {
					k, err := l[0].AddLink("to", "object", false, nil)
					if err != nil {
						t.Fatal(err)
					}
					k.Set(l[1])
				}
				w.check(t)
				w.n.Unparent()
				w.check(t)
				if p == Aggregate {
					w.sound(t)
					if want := []string{"b", "yolk", "a", "n"}; !slices.Equal(w.ended, want) {
						t.Errorf("ended %v, want %v", w.ended, want)
					}
				} else if name != "grandchild to it" && w.storage.Freed() {
					t.Error("a cycle of strong links was freed")
				}
				if len(w.violations) > 0 {
					t.Error(w.violations)
				}
			})
		}
	}
}

// The policy comes from the tree's choice for the class, else from the type,
// else from the tree.
func TestPolicyOf(t *testing.T) {
	types := NewTypes(nil)
	types.Add(TypeInfo{Name: "unit", Parent: "object", Policy: Aggregate})
	types.Add(TypeInfo{Name: "special", Parent: "unit"})
	tree := NewTree(types)
	get := func(typ string) Policy {
		o, err := tree.New(typ)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Unref()
		return o.Storage().Policy()
	}
	tree.PolicyOf = func(c *Class) Policy {
		if c.Name() == "special" {
			return Classic
		}
		return TreePolicy
	}
	for typ, want := range map[string]Policy{"container": StorageRef, "unit": Aggregate, "special": Classic} {
		if got := get(typ); got != want {
			t.Errorf("%s: %s, want %s", typ, got, want)
		}
	}
	tree.Policy = Classic
	if got := get("container"); got != Classic {
		t.Errorf("container: %s after the tree's policy changed", got)
	}
}

// A reference from a finalizer of another aggregate's member ends that one too.
func TestAggregatesInARow(t *testing.T) {
	w := newNesting(t, Aggregate)
	o, err := w.tree.NewChild(w.tree.Root(), "m", "nest")
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.n.a.AddLink("to", "object", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := o.Self().(*nest)
	l.Set(&m.b.Object)
	second := o.Storage()
	o.Unparent()
	w.check(t)
	if second.Freed() {
		t.Fatal("freed while a member is linked to")
	}
	w.n.Unparent()
	w.sound(t)
	if !second.Freed() {
		t.Error("the second aggregate stays")
	}
}
