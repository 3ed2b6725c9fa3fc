package qom_test

import (
	"strings"
	"testing"

	"github.com/qomd/qomd/qom"
)

// A finalizer that does more than drop references is told off, with where it did
// so and whose finalizer it was.
func TestFinalizersOnlyDrop(t *testing.T) {
	var tree *qom.Tree
	var other *qom.Object
	var misdeed func(o *qom.Object)
	types := qom.NewTypes(nil)
	types.Add(qom.TypeInfo{Name: "bad", Parent: "object", Finalize: func(o *qom.Object) { misdeed(o) }})
	for _, tc := range []struct {
		name, text string
		do         func(o *qom.Object)
	}{
		{"reference on another", `reference on /other taken as x-hold "bad" by a finalizer`,
			func(*qom.Object) { other.Hold(qom.HoldUser, "bad").Release() }},
		{"reference tried on another", `reference on /other taken as find "bad" by a finalizer`, func(*qom.Object) {
			if h, ok := other.TryHold(qom.HoldFind, "bad"); ok {
				h.Release()
			}
		}},
		{"child of another", `child "c" added to /other by a finalizer`, func(*qom.Object) {
			if c := other.Child("spare"); c != nil {
				h := c.Hold(qom.HoldUser, "keeps it")
				c.Unparent()
				if err := other.AddChild("c", c); err != nil {
					t.Error(err)
				}
				h.Release()
			}
		}},
		{"property of another", `property "p" added to /other by a finalizer`, func(*qom.Object) {
			if err := other.AddProperty(&qom.Property{Name: "p", Type: "bool"}); err != nil {
				t.Error(err)
			}
		}},
		{"object", "object of type container made by a finalizer", func(*qom.Object) {
			if o, err := tree.New("container"); err == nil {
				o.Unref()
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree = qom.NewTree(types)
			list := collect(tree)
			var err error
			if other, err = tree.NewChild(tree.Root(), "other", "container"); err != nil {
				t.Fatal(err)
			}
			if _, err := tree.NewChild(other, "spare", "container"); err != nil {
				t.Fatal(err)
			}
			misdeed = tc.do
			bad, err := tree.NewChild(tree.Root(), "bad", "bad")
			if err != nil {
				t.Fatal(err)
			}
			bad.Unparent()
			found := false
			for _, v := range *list {
				if v.Kind != qom.ViolationFinalizer {
					t.Errorf("%v", v)
				}
				if v.Text == tc.text {
					found = true
					for _, site := range []string{v.Site, v.Earlier} {
						if !strings.Contains(site, "finalizer_test.go:") {
							t.Errorf("sites %q and %q", v.Site, v.Earlier)
						}
					}
				}
			}
			if !found {
				t.Errorf("not reported: %v", *list)
			}
			for err := range qom.Check(tree) {
				t.Error(err)
			}
		})
	}
}

// What may be dropped in a finalizer: everything it has.
func TestFinalizersMayDrop(t *testing.T) {
	types := qom.NewTypes(nil)
	type owner struct {
		qom.Object
		hold qom.Hold
	}
	types.Add(qom.TypeInfo{Name: "owner", Parent: "object", New: func() qom.Instance { return new(owner) },
		Finalize: func(o *qom.Object) { o.Self().(*owner).hold.Release() }})
	tree := qom.NewTree(types)
	list := collect(tree)
	make := func(name string) *qom.Object {
		o, err := tree.NewChild(tree.Root(), name, "owner")
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	a, b := make("a"), make("b")
	b.HoldBy(&a.Self().(*owner).hold, a, qom.HoldBackend, "a", 1)
	tree.Root().HoldBy(&b.Self().(*owner).hold, b, qom.HoldBackend, "b", 1)
	b.Unparent()
	s := b.Storage()
	a.Unparent()
	if !s.Freed() || len(*list) > 0 {
		t.Errorf("freed %v, violations %v", s.Freed(), *list)
	}
}

// With sites a token that is used twice tells both places.
func TestTokenSites(t *testing.T) {
	tree := qom.NewTree(qom.NewTypes(nil))
	tree.Sites = true
	list := collect(tree)
	h := tree.Root().Hold(qom.HoldUser, "test")
	if !strings.Contains(h.Site(), "TestTokenSites") {
		t.Errorf("taken at %q", h.Site())
	}
	release := func() { h.Release() }
	release()
	h.Release()
	if len(*list) != 1 || !strings.Contains((*list)[0].Earlier, "TestTokenSites.func") || !strings.Contains((*list)[0].Site, "TestTokenSites ") {
		t.Errorf("violations %v", *list)
	}
}

// A parent's finalizer that uses its embedded child, and the reverse, are told
// off, whether the other happens to be finalized or not.
func TestFinalizersStayApart(t *testing.T) {
	for _, tc := range []struct{ name, uses string }{{"box", "lid"}, {"lid", "box"}} {
		for _, held := range []bool{false, true} {
			types := boxTypes(func(o *qom.Object) {
				if o.TypeName() != tc.name || o.Storage().Root() == nil {
					return
				}
				b := o.Storage().Root().Self().(*box)
				if tc.uses == "lid" {
					_, _ = b.lid.Get("type")
				} else {
					_, _ = b.Get("type")
				}
				_, _ = o.Get("type") // its own is fine
			})
			tree := qom.NewTree(types)
			list := collect(tree)
			o, err := tree.NewChild(tree.Root(), "b", "box")
			if err != nil {
				t.Fatal(err)
			}
			h := new(qom.Hold)
			if held {
				o.Self().(*box).lid.HoldInto(h, qom.HoldUser, "test", 1)
			}
			o.Unparent()
			if held {
				h.Release()
			}
			if len(*list) != 1 || (*list)[0].Kind != qom.ViolationFinalizer ||
				!strings.HasPrefix((*list)[0].Text, `property "type" of `) || !strings.Contains((*list)[0].Earlier, "finalizer_test.go:") {
				t.Errorf("%s uses %s, held %v: %v", tc.name, tc.uses, held, *list)
			}
		}
	}
}
