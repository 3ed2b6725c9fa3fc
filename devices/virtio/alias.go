package virtio

import (
	"sync"

	"github.com/qomd/qomd/qom"
)

// aliasTable has the properties that stand for a backend's, per class of
// proxies. Machines of a process share classes, and thereby these.
type aliasTable struct {
	mu      sync.Mutex
	classes map[*qom.Class][]*qom.Property
}

// of returns the properties for a class of proxies: every property of the
// backend, except what every device has and what the proxy has code for.
func (t *aliasTable) of(proxy *qom.Class, backend *qom.Object) []*qom.Property {
	t.mu.Lock()
	defer t.mu.Unlock()
	if list, ok := t.classes[proxy]; ok {
		return list
	}
	var list []*qom.Property
	device := backend.Tree().Types.Class("device")
	for p := range backend.Class().Properties() {
		if device.Property(p.Name) != nil || p.IsChild() || p.Get == nil && p.Set == nil {
			continue
		}
		if known := proxy.Property(p.Name); known == nil || known.Replaceable {
			list = append(list, alias(p))
		}
	}
	if t.classes == nil {
		t.classes = map[*qom.Class][]*qom.Property{}
	}
	t.classes[proxy] = list
	return list
}

// alias describes a property that stands for p of the backend. It finds the
// backend anew each time, so that all proxies can share it.
func alias(p *qom.Property) *qom.Property {
	name := p.Name
	a := &qom.Property{
		Name: name, Type: p.Type, Default: p.Default, HasDefault: p.HasDefault,
		Get: func(o *qom.Object) (any, error) { return behind(o).Get(name) },
		Set: func(o *qom.Object, in qom.Input) error { return behind(o).Set(name, in) },
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
