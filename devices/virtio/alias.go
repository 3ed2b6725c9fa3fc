package virtio

import "github.com/qomd/qomd/qom"

// aliasProperties puts every property of the backend on its proxy too. What a
// proxy has code for, and what every device has, stays its own.
func aliasProperties(proxy, backend *qom.Object) {
	device := backend.Tree().Types.Class("device")
	for p := range backend.Class().Properties() {
		if device.Property(p.Name) != nil || p.IsChild() {
			continue
		}
		if known := proxy.Class().Property(p.Name); known == nil || known.Replaceable {
			proxy.AddProperty(alias(p))
		}
	}
}

// alias describes a property of the proxies of a class of backends. It finds
// the backend anew each time, so that all proxies can share it.
func alias(p *qom.Property) *qom.Property {
	name := p.Name
	a := &qom.Property{Name: name, Type: p.Type, Default: p.Default, HasDefault: p.HasDefault}
	if p.Get != nil {
		a.Get = func(o *qom.Object) (any, error) { return behind(o).Get(name) }
	}
	if p.Set != nil {
		a.Set = func(o *qom.Object, in qom.Input) error { return behind(o).Set(name, in) }
	}
	if p.Target != nil {
		a.Target = func(o *qom.Object) *qom.Object { return p.Target(behind(o)) }
	}
	return a
}

// behind returns the backend of a proxy.
func behind(o *qom.Object) *qom.Object {
	return o.Self().(interface{ VirtioProxy() *Proxy }).VirtioProxy().backend.QOM()
}
