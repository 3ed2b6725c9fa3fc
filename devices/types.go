package devices

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// NewTypes returns the types of a QEMU version: the facts of the catalog with
// the code of all device models. It is meant to be made once per catalog and
// shared by all machines of a process; classes are built on first use.
func NewTypes(cat *catalog.Catalog) *qom.Types {
	t := qom.NewTypes(newSource(cat))
	for _, register := range []func(*qom.Types){
		qdev.Register,
		memory.Register,
		object.Register,
		chardev.Register,
	} {
		register(t)
	}
	return t
}
