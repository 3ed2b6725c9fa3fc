package qom_test

import (
	"testing"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

func TestResolve(t *testing.T) {
	tree := qomtest.NewTree(t, boxTypes(nil))
	child := func(parent *qom.Object, name, typ string) *qom.Object {
		o, err := tree.NewChild(parent, name, typ)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	m := child(tree.Root(), "machine", "container")
	a := child(m, "a", "box")
	child(m, "b", "box")
	if err := m.AddAlias("alias", a, "lid"); err != nil {
		t.Fatal(err)
	}
	l, err := m.AddLink("link", "box", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Set("link", qom.Value("a")); err != nil || l.Target() != a {
		t.Fatal(err, l.Target())
	}
	if _, err := a.AddLink("b", "box", true, nil); err != nil { // as the child of m is called
		t.Fatal(err)
	}
	if err := a.Set("b", qom.Value("machine/b")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path, typ, want string
		ambiguous       bool
	}{
		{"/", "", "/", false},
		{"", "", "", true},
		{"/machine", "", "/machine", false},
		{"//machine///a/", "", "/machine/a", false},
		{"/machine/a/lid/knob", "", "/machine/a/lid/knob", false},
		{"/machine/link/lid", "", "/machine/a/lid", false},
		{"/machine/alias", "", "/machine/a/lid", false},
		{"/machine/type", "", "", false},
		{"/machine/zz", "", "", false},
		{"/machine/a", "lid", "", false},
		{"a", "", "/machine/a", false},
		{"a/lid", "", "/machine/a/lid", false},
		{"machine/b", "", "/machine/b", false},
		{"b", "", "", true},
		{"b", "box", "", true},
		{"lid", "", "", true},
		{"knob", "", "", true},
		{"lid", "box", "", false},
		{"zz", "", "", false},
	} {
		o, ambiguous := tree.Resolve(tc.path, tc.typ)
		got := ""
		if o != nil {
			got = o.Path()
		}
		if got != tc.want || ambiguous != tc.ambiguous {
			t.Errorf("%q (%s): %q, ambiguous %v; want %q, %v", tc.path, tc.typ, got, ambiguous, tc.want, tc.ambiguous)
		}
	}
	child(child(m, "one", "container"), "c", "box")
	child(child(m, "two", "container"), "c", "box")
	for value, want := range map[string]string{
		"lid": "Invalid parameter type for 'link', expected: box", "c": "Path 'c' does not uniquely identify an object", "zz": "Device 'zz' not found",
		"/machine": "Invalid parameter type for 'link', expected: box",
	} {
		if err := m.Set("link", qom.Value(value)); err == nil || err.Error() != want {
			t.Errorf("link to %s: %v, want %s", value, err, want)
		}
	}
	// The link holds its target, which keeps neither place nor path.
	s := a.Storage()
	a.Unparent()
	if v, _ := m.Get("link"); v != "" || s.Freed() {
		t.Errorf("link reads %v, freed %v", v, s.Freed())
	}
	if err := m.Set("link", qom.Value("")); err != nil || !s.Freed() {
		t.Errorf("%v, freed %v", err, s.Freed())
	}
	m.DeleteProperty("alias") // its target is gone
}
