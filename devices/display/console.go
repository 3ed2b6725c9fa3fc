package display

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// The types of consoles: a screen of an adapter, and the text of a character
// device of type vc where nothing is displayed.
const (
	graphicType = "qemu-graphic-console"
	textType    = "qemu-fixed-text-console"
)

// screen is a console that shows what an adapter draws.
type screen struct {
	qom.Object
	adapter *qdev.Device
	head    int
}

func registerConsole(t *qom.Types) {
	of := func(o *qom.Object) *screen { return o.Self().(*screen) }
	device := func(o *qom.Object) *qom.Object {
		// Weak, as QEMU's is not: an adapter that leaves must not wait for a screen.
		if d := of(o).adapter; d != nil && d.Realized() {
			return &d.Object
		}
		return nil
	}
	t.Add(qom.TypeInfo{
		Name: graphicType, Parent: "object", New: func() qom.Instance { return new(screen) },
		Properties: []*qom.Property{
			{Name: "device", Type: "link<device>", Target: device, Get: func(o *qom.Object) (any, error) {
				if d := device(o); d != nil {
					return d.Path(), nil
				}
				return "", nil
			}},
			{Name: "head", Type: "uint32", Get: func(o *qom.Object) (any, error) { return uint64(of(o).head), nil }},
		},
	})
}

// MakeConsoles makes the consoles of a machine, in a container for them: the
// screens of its adapters first, then one for each of the texts.
func MakeConsoles(in *qom.Object, bus *qdev.Bus, texts int) error {
	if in.Tree().Types.Class(graphicType) == nil || in.Tree().Types.Class(textType) == nil {
		return nil // of QEMU versions that have no such objects
	}
	var err error
	add := func(typ string) *qom.Object {
		if err != nil {
			return nil
		}
		var o *qom.Object
		o, err = in.Tree().NewChild(in, "console[*]", typ)
		return o
	}
	for _, d := range adapters(bus, nil) {
		for head := range heads(d) {
			if o := add(graphicType); o != nil {
				s := o.Self().(*screen)
				s.adapter, s.head = d, head
			}
		}
	}
	for range texts {
		add(textType)
	}
	return err
}

// adapters lists the adapters on a bus and the buses below it.
func adapters(bus *qdev.Bus, list []*qdev.Device) []*qdev.Device {
	for _, d := range bus.Devices() {
		if heads(d) > 0 {
			list = append(list, d)
		}
		for _, b := range d.Buses() {
			list = adapters(b, list)
		}
	}
	return list
}
