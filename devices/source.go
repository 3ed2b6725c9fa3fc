package devices

import (
	"iter"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// source gives the types of a catalog to qom, one by one as they are asked
// for.
type source struct{ cat *catalog.Catalog }

func newSource(cat *catalog.Catalog) qom.Source { return source{cat} }

// Names lists every type of the catalog.
func (s source) Names() iter.Seq[string] { return s.cat.Types() }

// Type describes a type, without code of its own but with properties that keep
// their values.
func (s source) Type(name string) (qom.TypeInfo, bool) {
	facts, ok := s.cat.Type(name)
	if !ok {
		return qom.TypeInfo{}, false
	}
	info := qom.TypeInfo{
		Name: name, Parent: facts.Parent, Interfaces: facts.Interfaces,
		Abstract: facts.Abstract, Interface: facts.IsInterface,
	}
	if facts.IsInterface {
		return info, true
	}
	device := name == "device" || slices.Contains(facts.Parents, "device")
	info.Properties = s.properties(name, device)
	if device {
		info.ClassInit = s.classInit(name)
	}
	return info, true
}

// properties are those a type adds to its ancestors', or has with another
// default. Children are left out: real ones stand for themselves.
func (s source) properties(name string, device bool) []*qom.Property {
	own := append(s.cat.Own(name), s.cat.Overrides(name)...)
	plugged, _ := s.cat.Device(name)
	out := make([]*qom.Property, 0, len(own))
	for _, p := range own {
		switch {
		case strings.HasPrefix(p.Type, "child<"):
		case device:
			fixed := fixedAfterRealize(p) || slices.Contains(plugged.QtreeOrder, p.Name)
			out = append(out, qdev.NewProperty(p, fixed))
		default:
			out = append(out, qdev.NewProperty(p, false))
		}
	}
	return slices.Clip(out)
}

// fixedAfterRealize tells whether QEMU declares a device's property in the
// static table of its class, which may not change once the device works.
// QMP does not say; but scalars of that table always have a default, and those
// an initializer adds never have one, while strings, backends and links are
// hardly ever added by initializers.
func fixedAfterRealize(p catalog.Property) bool {
	switch p.Type {
	case "bool", "int", "int32", "uint8", "uint16", "uint32", "uint64", "size", "string", "guest statistics", "struct tm", "busnr":
		return p.HasDefault
	}
	return true
}

// classInit records what was observed of a device type. What was not is as its
// ancestor has it.
func (s source) classInit(name string) func(*qom.Class) {
	return func(c *qom.Class) {
		facts, ok := s.cat.Device(name)
		if !ok {
			return
		}
		qdev.UpdateClass(c, func(k *qdev.Class) {
			if facts.Bus != "" {
				k.BusType = facts.Bus
			}
			k.UserCreatable = facts.UserCreatable
			if facts.HotplugTold {
				k.Hotpluggable = facts.Hotpluggable
			}
		})
	}
}
