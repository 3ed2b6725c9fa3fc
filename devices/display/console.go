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
	// anyType is the type of both up to QEMU 7.2.
	anyType = "qemu-console"
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
	graphic := graphicType
	if !t.HasFacts(graphicType) {
		graphic = anyType
	}
	t.Add(qom.TypeInfo{
		Name: graphic, Parent: "object", New: func() qom.Instance { return new(screen) },
		Properties: []*qom.Property{
			{Name: "device", Type: "link<device>", Untold: true, Target: device, Get: func(o *qom.Object) (any, error) {
				if d := device(o); d != nil {
					return d.Path(), nil
				}
				return "", nil
			}},
			{Name: "head", Type: "uint32", Untold: true, Get: func(o *qom.Object) (any, error) { return uint64(of(o).head), nil }},
		},
	})
}

// MakeConsoles makes the consoles of a machine, in /backend: the screens of its
// adapters first, then one for each of the texts.
func MakeConsoles(bus *qdev.Bus, texts int) error {
	tree := bus.Tree()
	in := tree.Root().Child("backend")
	graphic, text := graphicType, textType
	if tree.Types.Class(graphicType) == nil {
		graphic, text = anyType, anyType
	}
	var err error
	add := func(typ string) *qom.Object {
		if err != nil {
			return nil
		}
		if in == nil {
			if in, err = tree.NewChild(tree.Root(), "backend", "container"); err != nil {
				return nil
			}
		}
		var o *qom.Object
		o, err = tree.NewChild(in, "console[*]", typ)
		return o
	}
	for _, d := range adapters(bus, nil) {
		for head := range heads(d) {
			if o := add(graphic); o != nil {
				s := o.Self().(*screen)
				s.adapter, s.head = d, head
			}
		}
	}
	for range texts {
		add(text)
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
