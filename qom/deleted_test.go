package qom_test

import (
	"testing"

	"github.com/qomd/qomd/qom"
)

// An object can do without a property that is known of its type from facts
// alone, and may then have another of that name.
func TestDeletedClassProperty(t *testing.T) {
	types := qom.NewTypes(nil)
	released := 0
	types.Add(qom.TypeInfo{Name: "board", Parent: "object", Properties: []*qom.Property{{
		Name: "flash", Type: "str", Replaceable: true,
		Get:     func(*qom.Object) (any, error) { return "", nil },
		Release: func(*qom.Object) { released++ },
	}}})
	tree := qom.NewTree(types)
	defer tree.Close()
	has := func(o *qom.Object) (listed bool) {
		for p := range o.Properties() {
			listed = listed || p.Name == "flash"
		}
		if found := o.Property("flash") != nil; found != listed || o.HasProperty("flash") != listed {
			t.Errorf("listed is %t, Property says %t, HasProperty %t", listed, found, o.HasProperty("flash"))
		}
		return listed
	}
	mk := func(name string) *qom.Object {
		o, err := tree.NewChild(tree.Root(), name, "board")
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	a, b := mk("a"), mk("b")
	a.DeleteProperty("flash")
	if has(a) || !has(b) || released != 1 {
		t.Errorf("a has it: %t, b has it: %t, released %d times", has(a), has(b), released)
	}
	if _, err := a.Get("flash"); err == nil || err.Error() != "Property 'board.flash' not found" {
		t.Errorf("reading it gives %v", err)
	}
	if err := a.AddProperty(&qom.Property{Name: "flash", Type: "bool"}); err != nil || a.Property("flash").Type != "bool" || !has(a) {
		t.Errorf("a new one is refused: %v", err)
	}
	b.DeleteProperty("flash")
	if _, err := tree.NewChild(b, "flash", "board"); err != nil || !has(b) {
		t.Errorf("a child of that name is refused: %v", err)
	}
}
