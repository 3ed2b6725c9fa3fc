package devices

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qom"
)

// Properties lists what the objects of a type have, as qom-list-properties
// does: from the catalog where it knows the type, and else from an object made
// for the purpose, which never gets a parent and is gone when Properties
// returns. It is nil for interfaces, and for types that nobody knows.
func Properties(tree *qom.Tree, cat *catalog.Catalog, name string) []catalog.Property {
	if facts, ok := cat.Type(name); ok {
		return facts.Properties
	}
	class := tree.Types.Class(name)
	if class == nil || class.IsInterface() || !class.Is("object") {
		return nil
	}
	var list []catalog.Property
	add := func(p *qom.Property) {
		list = append(list, catalog.Property{Name: p.Name, Type: p.Type, Default: p.Default, HasDefault: p.HasDefault})
	}
	if class.Abstract() {
		for p := range class.Properties() {
			add(p)
		}
		return list
	}
	o := tree.NewClass(class)
	defer o.Unref()
	for p := range o.Properties() {
		add(p)
	}
	return list
}
