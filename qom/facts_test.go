package qom_test

import (
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// table is a source made of a map.
type table map[string]qom.TypeInfo

func (t table) Type(name string) (qom.TypeInfo, bool) { i, ok := t[name]; return i, ok }
func (t table) Has(name string) bool                  { _, ok := t[name]; return ok }
func (t table) Names() iter.Seq[string]               { return slices.Values(slices.Sorted(maps.Keys(t))) }

func fact(name, typ string, def any) *qom.Property {
	p := &qom.Property{Name: name, Type: typ, Default: def, HasDefault: def != nil, Replaceable: true}
	p.Get = func(o *qom.Object) (any, error) { return o.Stored(name), nil }
	p.Set = func(o *qom.Object, in qom.Input) error {
		v, err := in.Int64(name)
		o.Store(name, v)
		return err
	}
	return p
}

// Facts and code come together: code keeps what it has, facts supply the rest,
// a descendant's default counts, and what objects add takes the place of what
// is only known of them.
func TestFactsAndCode(t *testing.T) {
	types := qom.NewTypes(table{
		"object": {Name: "object"},
		"base":   {Name: "base", Parent: "object", Properties: []*qom.Property{fact("a", "uint32", int64(1)), fact("b", "bool", nil)}},
		"leaf": {Name: "leaf", Parent: "base", Properties: []*qom.Property{
			fact("a", "uint32", int64(2)), fact("c", "uint8", int64(3)), fact("d", "uint8", int64(4)), fact("coded", "str", nil)}},
	})
	calls := 0
	types.Add(qom.TypeInfo{Name: "base", Properties: []*qom.Property{
		{Name: "a", Get: func(o *qom.Object) (any, error) { calls++; return o.Stored("a"), nil }},
		{Name: "coded", Type: "string", Get: func(*qom.Object) (any, error) { return "code", nil }},
	}})
	types.Add(qom.TypeInfo{Name: "leaf", Init: func(o *qom.Object) {
		if err := o.AddProperty(&qom.Property{Name: "c", Type: "uint8", Get: func(*qom.Object) (any, error) { return "own", nil }}); err != nil {
			t.Error(err)
		}
	}})
	tree := qomtest.NewTree(t, types)
	o, err := tree.NewChild(tree.Root(), "o", "leaf")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"a": int64(2), "b": nil, "c": "own", "d": int64(4), "coded": "code"} {
		if got, err := o.Get(name); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if calls != 1 {
		t.Errorf("code of an ancestor was called %d times", calls)
	}
	var list []string
	for p := range o.Properties() {
		list = append(list, p.Name+" "+p.Type)
	}
	want := []string{"type string", "a uint32", "coded str", "b bool", "d uint8", "c uint8"}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	if err := o.AddProperty(&qom.Property{Name: "a"}); err == nil {
		t.Error("a property with code was replaced")
	}
	if err := o.Set("a", qom.Value(int64(1))); err == nil || err.Error() != "Property 'leaf.a' is not writable" {
		t.Errorf("set a: %v", err)
	}
	if !types.HasFacts("leaf") || types.HasFacts("container") {
		t.Error("HasFacts")
	}
}
