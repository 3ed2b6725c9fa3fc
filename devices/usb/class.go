package usb

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

type productKey struct{}

// SetProduct sets the description of a device type, for ClassInit. Types
// without one are described by their name.
func SetProduct(c *qom.Class, name string) { c.SetValue(productKey{}, name) }

func product(o *qom.Object) string {
	if name, ok := o.Class().Value(productKey{}).(string); ok {
		return name
	}
	return o.TypeName()
}

type settableKey struct{}

// SetAttachedSettable lets users write the property "attached" of a device
// type, for ClassInit.
func SetAttachedSettable(c *qom.Class) { c.SetValue(settableKey{}, true) }

func attachedSettable(o *qom.Object) bool {
	ok, _ := o.Class().Value(settableKey{}).(bool)
	return ok
}

func registerDevice(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: DeviceType, Parent: "device", Abstract: true,
		New: func() qom.Instance { return new(Device) },
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.BusType = BusType })
		},
		Init: func(o *qom.Object) {
			// Users may change it after realize too, where they may at all; so
			// it belongs to the object and not to the properties of the class.
			p := &qom.Property{Name: "attached", Type: "bool",
				Get: func(o *qom.Object) (any, error) { return DeviceOf(o).attached, nil }}
			if attachedSettable(o) {
				p.Set = setAttached
			}
			if err := o.AddProperty(p); err != nil {
				panic(err) // a model added one of the same name
			}
		},
	})
}

func setAttached(o *qom.Object, in qom.Input) error {
	v, err := in.Bool("attached")
	if err != nil {
		return err
	}
	d := DeviceOf(o)
	if !v {
		d.Detach()
		return nil
	}
	return d.Attach()
}
