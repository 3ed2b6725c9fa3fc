package devices

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/cpu"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// source gives the types of a catalog to qom, one by one as they are asked
// for.
type source struct {
	cat *catalog.Catalog
	// observed reports whether the catalog knows more of devices than QMP
	// tells. Then a device it does not mention is one that users cannot make.
	observed func() bool
}

func newSource(cat *catalog.Catalog) qom.Source {
	return source{cat, sync.OnceValue(func() bool {
		for name := range cat.Types() {
			if _, ok := cat.Device(name); ok {
				return true
			}
		}
		return false
	})}
}

// Names lists every type of the catalog.
func (s source) Names() iter.Seq[string] { return s.cat.Types() }

// Has reports whether the catalog has a type.
func (s source) Has(name string) bool { return s.cat.Has(name) }

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
	if facts.Unknown == "" {
		info.Tells = func(property string) bool { _, ok := facts.Property(property); return ok }
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
	processor := s.cat.Implements(name, "cpu")
	if !processor { // package cpu knows the values of its features
		for _, p := range s.cat.Untold(name) {
			own = slices.DeleteFunc(own, func(o catalog.Property) bool { return o.Name == p.Name })
			own = append(own, p)
		}
	}
	plugged, _ := s.cat.Device(name)
	out := make([]*qom.Property, 0, len(own))
	for _, p := range own {
		switch {
		case strings.HasPrefix(p.Type, "child<"):
		case processor:
			out = append(out, qdev.NewProperty(p, cpu.Fixed(p.Name)))
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

// busOf are the buses of base types. Catalogs tell the bus of concrete types
// only, and those captured over QMP alone not even that.
var busOf = map[string]string{
	"ccid-card": "ccid-bus", "floppy": "floppy-bus", "hda-codec": "HDA", "i2c-slave": "i2c-bus", "ide-device": "IDE",
	"ipack-device": "IndustryPack", "isa-device": "ISA", "nitro-vsock-device": "nitro-vsock-bus", "nvme-ns": "nvme-bus",
	"pci-device": "PCI", "scsi-device": "SCSI", "sdmmc-common": "sd-bus", "sys-bus-device": "System", "ufs-lu": "ufs-bus",
	"usb-device": "usb-bus", "virtio-device": "virtio-bus", "virtio-serial-port": "virtio-serial-bus",
	"vmbus-dev": "vmbus", "xen-backend": "xen-sysbus", "xen-device": "xen-bus",
}

// classInit records what was observed of a device type. What was not is as its
// ancestor has it.
func (s source) classInit(name string) func(*qom.Class) {
	return func(c *qom.Class) {
		if bus := busOf[name]; bus != "" {
			qdev.UpdateClass(c, func(k *qdev.Class) {
				k.BusType = bus
				k.UserCreatable = k.UserCreatable && bus != "System"
			})
		}
		if want := demands[name]; want != nil {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.Demands = want })
		}
		if soundCards[name] {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.Check = qdev.DemandAudio })
		}
		facts, ok := s.cat.Device(name)
		if !ok {
			if !c.Abstract() && s.observed() {
				qdev.UpdateClass(c, func(k *qdev.Class) { k.UserCreatable = false })
			}
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
