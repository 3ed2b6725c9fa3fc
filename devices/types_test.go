package devices

import (
	"testing"

	"github.com/qomd/qomd/devices/catalog"
)

// Every class of every embedded catalog can be built.
func TestClasses(t *testing.T) {
	for _, name := range catalog.Names() {
		cat, err := catalog.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		types := NewTypes(cat)
		n := 0
		for typ := range types.Names() {
			if types.Class(typ) == nil {
				t.Errorf("%s: no class for %s", name, typ)
			}
			n++
		}
		if n < cat.NumTypes() {
			t.Errorf("%s: %d classes for %d types", name, n, cat.NumTypes())
		}
	}
}
