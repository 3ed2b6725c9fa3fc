package usbtest

import (
	"iter"
	"strings"
	"sync"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/hid"
	"github.com/qomd/qomd/devices/usb/hub"
	"github.com/qomd/qomd/devices/usb/legacy"
	"github.com/qomd/qomd/devices/usb/storage"
	"github.com/qomd/qomd/devices/usb/xhci"
	"github.com/qomd/qomd/qom"
)

// source gives a test the types of the catalog without the other models.
type source struct{ cat *catalog.Catalog }

func (s source) Names() iter.Seq[string] { return s.cat.Types() }
func (s source) Has(name string) bool    { return s.cat.Has(name) }

func (s source) Type(name string) (qom.TypeInfo, bool) {
	f, ok := s.cat.Type(name)
	if !ok {
		return qom.TypeInfo{}, false
	}
	info := qom.TypeInfo{
		Name: name, Parent: f.Parent, Interfaces: f.Interfaces, Abstract: f.Abstract, Interface: f.IsInterface,
	}
	for _, p := range append(s.cat.Own(name), s.cat.Overrides(name)...) {
		if !strings.HasPrefix(p.Type, "child<") {
			info.Properties = append(info.Properties, qdev.NewProperty(p, true))
		}
	}
	return info, true
}

// types are made once: classes are shared by all trees of a process.
var types = sync.OnceValue(func() *qom.Types {
	cat := catalog.Default()
	t := qom.NewTypes(source{cat})
	qdev.Register(t)
	memory.Register(t)
	pci.Register(t, func(typ string) *catalog.PCIFacts {
		d, _ := cat.Device(typ)
		return d.PCI
	})
	for _, register := range []func(*qom.Types){
		scsi.Register, usb.Register, hub.Register, hid.Register, storage.Register, xhci.Register, legacy.Register,
		registerTests,
	} {
		register(t)
	}
	return t
})
